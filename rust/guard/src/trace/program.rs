//! Reading and changing a traced program: memory, traps, registers, the signal it stopped with.

use std::io;
use std::os::fd::OwnedFd;

use nix::errno::Errno;

use super::tracer::Tracer;
use crate::breakpoints::address_space::AddressSpace;
use crate::breakpoints::debug_registers::{Watch, WatchKind};
use crate::os::ptrace::{self, Tid};
use crate::os::registers::{self, RegisterFile};

const GONE: &str = "the process is gone";

impl Tracer {
    // --- memory ----------------------------------------------------------------------

    fn space(&self, pid: Tid) -> Option<&AddressSpace> {
        let process = self.processes.get(&self.address_space_of(pid));
        process.map(|process| &process.space)
    }

    fn space_mut(&mut self, pid: Tid) -> Option<&mut AddressSpace> {
        let process = self.processes.get_mut(&self.address_space_of(pid));
        process.map(|process| &mut process.space)
    }

    /// Reads as many bytes of a program as can be read, traps masked, and returns their count.
    pub fn read_memory(&self, pid: Tid, address: u64, into: &mut [u8]) -> usize {
        self.space(pid).map_or(0, |space| space.read(address, into))
    }

    /// Writes bytes of a program; traps stay where they are.
    pub fn write_memory(&mut self, pid: Tid, address: u64, data: &[u8]) -> io::Result<()> {
        let space = self.space_mut(pid).ok_or(Errno::ESRCH)?;
        space.write(address, data)
    }

    /// Duplicates the descriptor of a program's memory.
    pub fn duplicate_memory(&self, pid: Tid) -> io::Result<OwnedFd> {
        let process = self.processes.get(&pid).ok_or(Errno::ESRCH)?;
        process.space.duplicate_memory()
    }

    // --- traps -----------------------------------------------------------------------

    /// Adds a site, or gives an existing one new conditions.
    ///
    /// # Errors
    /// A sentence that says why there can be none.
    pub fn add_site(
        &mut self,
        pid: Tid,
        address: u64,
        conditions: Vec<Box<[u8]>>,
    ) -> Result<(), String> {
        let space = self.space_mut(pid).ok_or(GONE)?;
        if space.has_traps_inserted() {
            self.keep_journal(self.address_space_of(pid));
        }
        let space = self.space_mut(pid).ok_or(GONE)?;
        space.add_site(address, conditions)
    }

    /// Removes a site; one that is not there is fine.
    pub fn remove_site(&mut self, pid: Tid, address: u64) -> io::Result<()> {
        self.space_mut(pid)
            .map_or(Ok(()), |space| space.remove_site(address))
    }

    /// Takes a debug register, or gives the one in use new conditions.
    ///
    /// # Errors
    /// A sentence that says why none can be used.
    pub fn add_watch(&mut self, pid: Tid, watch: Watch) -> Result<(), String> {
        let space_pid = self.address_space_of(pid);
        self.keep_journal(space_pid);
        let process = self.processes.get_mut(&space_pid).ok_or(GONE)?;
        process.debug_registers.add(watch)?;
        self.refresh_debug_registers(space_pid);
        Ok(())
    }

    /// Frees a debug register; one that is not in use is fine.
    pub fn remove_watch(&mut self, pid: Tid, kind: WatchKind, address: u64, size: u64) {
        let space_pid = self.address_space_of(pid);
        if let Some(process) = self.processes.get_mut(&space_pid) {
            process.debug_registers.remove(kind, address, size);
            self.refresh_debug_registers(space_pid);
        }
    }

    /// Brings the debug registers of running threads up to date by an interrupt that is not
    /// reported: they are resumed at once, with the new ones.  Those of held threads are written
    /// when they are resumed.
    fn refresh_debug_registers(&self, pid: Tid) {
        self.interrupt_running(pid);
    }

    // --- a stopped thread ------------------------------------------------------------

    /// Returns the general registers of a held thread.
    pub fn general_registers(&mut self, tid: Tid) -> Option<&libc::user_regs_struct> {
        let thread = self.threads.get_mut(&tid)?;
        if !thread.is_held() {
            return None;
        }
        thread.registers().ok().map(|registers| &*registers)
    }

    /// Reads all registers of a held thread.
    ///
    /// # Errors
    /// A sentence that says why they cannot be read.
    pub fn read_registers(&mut self, tid: Tid) -> Result<RegisterFile, String> {
        let Some(thread) = self.threads.get_mut(&tid) else {
            return Err("no thread is selected".into());
        };
        if !thread.is_held() {
            return Err(format!("thread {tid} is running"));
        }
        let describe = |error: Errno| format!("registers of {tid}: {}", error.desc());
        let general = *thread.registers().map_err(describe)?;
        let extended = ptrace::read_xstate(tid).map_err(describe)?;
        Ok(RegisterFile { general, extended })
    }

    /// Changes registers of a held thread; `change` is `false` when there is no such register.
    ///
    /// # Errors
    /// A sentence that says why they cannot be changed.
    pub fn change_registers(
        &mut self,
        tid: Tid,
        change: impl FnOnce(&mut RegisterFile) -> bool,
    ) -> Result<(), String> {
        let before = self.read_registers(tid)?;
        let mut file = before.clone();
        if !change(&mut file) {
            return Err("no such register, or a value of another size".into());
        }
        let has_new_pc = file.general.rip != before.general.rip;
        if has_new_pc && file.general.orig_rax == before.general.orig_rax {
            // Else the kernel would restart the interrupted call at the new pc minus two.
            file.general.orig_rax = u64::MAX;
        }
        self.write_registers(tid, file, &before)
            .map_err(|error| error.desc().to_owned())
    }

    fn write_registers(
        &mut self,
        tid: Tid,
        mut file: RegisterFile,
        before: &RegisterFile,
    ) -> ptrace::Result<()> {
        if file.extended != before.extended {
            ptrace::write_xstate(tid, &mut file.extended)?;
        }
        let thread = self.thread_mut(tid)?;
        if file.general.rip != before.general.rip {
            thread.steps_over = None;
        }
        *thread.registers()? = file.general;
        thread.mark_registers_changed();
        // At once: an invalid value is this request's error, not the next resume's.
        thread.write_registers()
    }

    /// Reads the `siginfo_t` of the signal a thread has stopped with.
    pub fn read_siginfo(&self, tid: Tid) -> ptrace::Result<libc::siginfo_t> {
        let thread = self.threads.get(&tid);
        match thread.and_then(|thread| thread.saved_siginfo) {
            Some(info) => Ok(info),
            None => ptrace::read_siginfo(tid),
        }
    }

    /// Replaces the `siginfo_t` of the signal a thread has stopped with.
    pub fn write_siginfo(&mut self, tid: Tid, info: &libc::siginfo_t) -> ptrace::Result<()> {
        let thread = self.thread_mut(tid)?;
        match &mut thread.saved_siginfo {
            // The kernel's is another signal's, and is replaced at the delivery.
            Some(saved) => *saved = *info,
            None => ptrace::write_siginfo(tid, info)?,
        }
        Ok(())
    }

    /// Whether a held thread's registers include the upper halves of ymm.
    pub fn has_avx(&self, tid: Tid) -> bool {
        let thread = self.threads.get(&tid);
        let extended = thread.and_then(|thread| ptrace::read_xstate(thread.tid).ok());
        extended.is_some_and(|extended| registers::has_avx(&extended))
    }

    /// Takes the reason why a condition of the trap a thread has hit could not be evaluated.
    pub fn take_condition_failure(&mut self, tid: Tid) -> Option<String> {
        self.threads.get_mut(&tid)?.condition_failure.take()
    }
}
