//! Memory and registers.

use super::thread_id::{Id, ThreadId};
use super::{Reply, Server};
use crate::os::ptrace::{self, Tid};
use crate::os::registers::{self, RegisterFile};
use crate::server::packet;

const MAX_READ: u64 = (packet::MAX_PAYLOAD / 2 - 16) as u64;

fn parse_range(text: &[u8]) -> Option<(u64, u64)> {
    let mut parts = text.splitn(2, |byte| *byte == b',');
    let address = packet::parse_hex(parts.next()?)?;
    let size = packet::parse_hex(parts.next()?)?;
    Some((address, size))
}

/// Splits `ADDRESS,SIZE:DATA`.
fn parse_write(text: &[u8]) -> Option<(u64, u64, &[u8])> {
    let colon = text.iter().position(|byte| *byte == b':')?;
    let (address, size) = parse_range(&text[..colon])?;
    Some((address, size, &text[colon + 1..]))
}

impl Server {
    /// `Hg`: the thread for registers and memory.  `Hc` is told by `vCont` these days.
    pub(super) fn select_thread(&mut self, rest: &[u8]) -> Reply {
        let Some((kind, text)) = rest.split_first() else {
            return Reply::Unsupported;
        };
        let Some(id) = ThreadId::parse(text) else {
            return Reply::Error("malformed thread id".into());
        };
        if *kind != b'g' {
            return Reply::Ok;
        }
        let matching = self.visible_processes().into_iter().flat_map(|pid| {
            self.tracer
                .threads_of(pid)
                .into_iter()
                .map(move |tid| (pid, tid))
        });
        let found: Vec<(Tid, Tid)> = matching
            .filter(|(pid, tid)| id.covers(*pid, *tid))
            .collect();
        let keeps = found.iter().any(|(_, tid)| *tid == self.general);
        match found.first() {
            _ if keeps && !matches!(id.tid, Id::One(_)) => Reply::Ok,
            Some((_, tid)) => {
                self.select(*tid);
                Reply::Ok
            }
            None => Reply::Error("no such thread".into()),
        }
    }

    /// `T`: whether a thread exists.
    pub(super) fn is_thread_alive(&mut self, rest: &[u8]) -> Reply {
        let id = ThreadId::parse(rest);
        let alive = |id: ThreadId| {
            self.tracer
                .threads
                .values()
                .any(|t| id.covers(t.pid, t.tid))
        };
        if id.is_some_and(alive) {
            Reply::Ok
        } else {
            Reply::ErrorNumber(1)
        }
    }

    /// Reads up to `size` bytes as the program has them.
    pub(super) fn read_program(&self, address: u64, size: u64) -> Option<Vec<u8>> {
        let space = self.tracer.address_space_of(self.current_process()?);
        let process = self.tracer.processes.get(&space)?;
        let mut bytes = vec![0; size.min(MAX_READ) as usize];
        let count = process.memory.read(address, &mut bytes);
        bytes.truncate(count);
        process.sites.mask(address, &mut bytes);
        (count > 0 || size == 0).then_some(bytes)
    }

    pub(super) fn read_memory(&mut self, rest: &[u8]) -> Reply {
        let Some((address, size)) = parse_range(rest) else {
            return Reply::ErrorNumber(1);
        };
        match self.read_program(address, size.min(MAX_READ / 2)) {
            Some(bytes) => Reply::Text(packet::to_hex(&bytes)),
            None => Reply::ErrorNumber(14),
        }
    }

    pub(super) fn read_memory_binary(&mut self, rest: &[u8]) -> Reply {
        let Some((address, size)) = parse_range(rest) else {
            return Reply::ErrorNumber(1);
        };
        match self.read_program(address, size) {
            Some(bytes) => {
                let mut answer = vec![b'b'];
                answer.extend(bytes);
                Reply::Binary(answer)
            }
            None => Reply::ErrorNumber(14),
        }
    }

    pub(super) fn write_memory(&mut self, rest: &[u8]) -> Reply {
        let parsed = parse_write(rest);
        match parsed.and_then(|(address, size, hex)| Some((address, size, packet::from_hex(hex)?)))
        {
            Some((address, size, data)) if data.len() as u64 == size => {
                self.write_program(address, &data)
            }
            _ => Reply::Error("malformed memory write".into()),
        }
    }

    pub(super) fn write_memory_binary(&mut self, rest: &[u8]) -> Reply {
        match parse_write(rest) {
            Some((address, size, data)) if data.len() as u64 == size => {
                self.write_program(address, data)
            }
            _ => Reply::Error("malformed memory write".into()),
        }
    }

    fn write_program(&mut self, address: u64, data: &[u8]) -> Reply {
        let Some(pid) = self.current_process() else {
            return Reply::Error("no program is being debugged".into());
        };
        let space = self.tracer.address_space_of(pid);
        let Some(process) = self.tracer.processes.get_mut(&space) else {
            return Reply::ErrorNumber(3);
        };
        let written = process.sites.write(&process.memory, address, data);
        written
            .map_err(|error| format!("memory at {address:#x} cannot be written: {error}"))
            .into()
    }

    // --- registers -------------------------------------------------------------------

    fn register_file(&mut self) -> Result<RegisterFile, String> {
        let tid = self.general;
        let Some(thread) = self.tracer.threads.get_mut(&tid) else {
            return Err("no thread is selected".into());
        };
        if thread.ptrace_stop.is_none() {
            return Err(format!("thread {tid} is running"));
        }
        let describe = |error: nix::errno::Errno| format!("registers of {tid}: {}", error.desc());
        let general = *thread.registers().map_err(describe)?;
        let extended = ptrace::read_xstate(tid).map_err(describe)?;
        Ok(RegisterFile { general, extended })
    }

    pub(super) fn read_all_registers(&mut self) -> Reply {
        match self.register_file() {
            Ok(file) => Reply::Text(packet::to_hex(&file.all())),
            Err(text) => Reply::Error(text),
        }
    }

    pub(super) fn read_one_register(&mut self, rest: &[u8]) -> Reply {
        let number = packet::parse_hex(rest).and_then(|number| u16::try_from(number).ok());
        let Some(number) = number else {
            return Reply::ErrorNumber(1);
        };
        match self.register_file() {
            Ok(file) => match file.read(number) {
                Some(bytes) => Reply::Text(packet::to_hex(&bytes)),
                None => Reply::Error(format!("there is no register {number}")),
            },
            Err(text) => Reply::Error(text),
        }
    }

    pub(super) fn write_all_registers(&mut self, rest: &[u8]) -> Reply {
        let Some(bytes) = packet::from_hex(rest) else {
            return Reply::ErrorNumber(1);
        };
        self.change_registers(|file| file.set_all(&bytes))
    }

    pub(super) fn write_one_register(&mut self, rest: &[u8]) -> Reply {
        let mut parts = rest.splitn(2, |byte| *byte == b'=');
        let number = parts.next().and_then(packet::parse_hex);
        let bytes = parts.next().and_then(packet::from_hex);
        let (Some(number), Some(bytes)) = (number.and_then(|n| u16::try_from(n).ok()), bytes)
        else {
            return Reply::ErrorNumber(1);
        };
        self.change_registers(|file| file.write(number, &bytes))
    }

    fn change_registers(&mut self, change: impl FnOnce(&mut RegisterFile) -> bool) -> Reply {
        let mut file = match self.register_file() {
            Ok(file) => file,
            Err(text) => return Reply::Error(text),
        };
        let (pc, call) = (file.general.rip, file.general.orig_rax);
        let before = file.extended.clone();
        if !change(&mut file) {
            return Reply::Error("no such register, or a value of another size".into());
        }
        if file.general.rip != pc && file.general.orig_rax == call {
            // Else the kernel would restart the interrupted call at the new pc minus two.
            file.general.orig_rax = u64::MAX;
        }
        self.store(&mut file, &before, pc)
            .map_err(|error| error.desc().to_owned())
            .into()
    }

    fn store(&mut self, file: &mut RegisterFile, before: &[u8], pc: u64) -> ptrace::Result<()> {
        let tid = self.general;
        if file.extended != before {
            ptrace::write_xstate(tid, &mut file.extended)?;
        }
        if file.general.rip != pc {
            self.tracer.pc_changed(tid);
        }
        let Some(thread) = self.tracer.threads.get_mut(&tid) else {
            return Err(nix::errno::Errno::ESRCH);
        };
        *thread.registers()? = file.general;
        thread.touch_registers();
        // At once: an invalid value is this packet's error, not the next resume's.
        thread.flush()
    }

    /// The registers that conditions may name, for `p` errors.
    pub(super) fn has_avx(&self) -> bool {
        ptrace::read_xstate(self.general).is_ok_and(|extended| {
            RegisterFile {
                general: empty(),
                extended,
            }
            .has_avx()
        })
    }

    /// The target description for the current thread's processor.
    pub(super) fn target_xml(&self) -> String {
        registers::target_xml(self.has_avx())
    }
}

fn empty() -> libc::user_regs_struct {
    // SAFETY: plain numbers.
    unsafe { std::mem::zeroed() }
}
