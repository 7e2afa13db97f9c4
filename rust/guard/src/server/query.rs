//! `q` and `Q` packets.

use std::fmt::Write as _;

use super::thread_id::{self, ThreadId};
use super::{Reply, Server, reply};
use crate::os::procfs;
use crate::os::ptrace::{self, Tid};
use crate::server::libraries;
use crate::server::packet;

impl Server {
    /// Answers a query or carries out a setting.
    pub(super) fn query(&mut self, payload: &[u8]) -> Reply {
        let text = String::from_utf8_lossy(payload).into_owned();
        let (name, rest) = match text.find([':', ',']) {
            Some(at) => (&text[..at], &text[at + 1..]),
            None => (text.as_str(), ""),
        };
        match name {
            "qSupported" => self.negotiate(rest),
            "QStartNoAckMode" => {
                self.features.no_ack = true;
                Reply::Ok
            }
            "QNonStop" => self.set_non_stop(rest == "1"),
            "Qcrabtrap.StopAll" => {
                self.tracer.choices.stop_all = rest == "1";
                Reply::Ok
            }
            "qcrabtrap.MemoryFd" => self.share_memory(rest),
            "Qcrabtrap.Stdio" => self.take_stdio(),
            "QThreadEvents" => {
                self.tracer.choices.thread_events = rest == "1";
                Reply::Ok
            }
            "QSaveRegisterState" => self.save_registers(),
            "QRestoreRegisterState" => self.restore_registers(rest),
            "QPassSignals" => self.pass_signals(rest),
            "QCatchSyscalls" => self.catch_syscalls(rest),
            "QTDV" => self.define_variable(rest),
            "qTV" => self.read_variable(rest),
            "qC" => self.current_thread(),
            "qAttached" => self.is_attached(rest),
            "qfThreadInfo" => self.list_threads(),
            "qsThreadInfo" => Reply::Text("l".into()),
            "qThreadExtraInfo" => self.describe_thread(rest),
            "qXfer" => self.transfer(payload),
            "QStartupWithShell"
            | "QDisableRandomization"
            | "QSetWorkingDir"
            | "QEnvironmentHexEncoded"
            | "QEnvironmentUnset"
            | "QEnvironmentReset" => self.launch_options.set(name, rest).into(),
            // Signals are delivered as resumes say, and symbols are of no use to us.
            "QProgramSignals" | "qSymbol" => Reply::Ok,
            _ => Reply::Unsupported,
        }
    }

    fn negotiate(&mut self, offered: &str) -> Reply {
        let passes = self.transport.can_pass_descriptors();
        let choices = &mut self.tracer.choices;
        Reply::Text(self.features.negotiate(offered, choices, passes))
    }

    fn set_non_stop(&mut self, non_stop: bool) -> Reply {
        self.features.non_stop = non_stop;
        self.tracer.choices.one_report = !non_stop;
        Reply::Ok
    }

    fn share_memory(&mut self, rest: &str) -> Reply {
        if !self.transport.can_pass_descriptors() {
            return Reply::Unsupported;
        }
        let pid = packet::parse_hex(rest.as_bytes()).map(|pid| pid as Tid);
        let process = pid.and_then(|pid| self.tracer.processes.get(&pid));
        let Some(process) = process.filter(|process| !process.is_hidden) else {
            return Reply::Error(format!("process {rest} is not being debugged here"));
        };
        match process.memory.duplicate() {
            Ok(fd) => Reply::Descriptor(fd),
            Err(error) => Reply::Error(error.to_string()),
        }
    }

    fn pass_signals(&mut self, rest: &str) -> Reply {
        let mut passed = 0_u128;
        for item in rest.split(';').filter(|item| !item.is_empty()) {
            let Some(number) = packet::parse_hex(item.as_bytes()) else {
                return Reply::Error("malformed signal list".into());
            };
            let signal = reply::from_gdb_signal(i32::try_from(number).unwrap_or(0));
            // SIGTRAP and SIGSTOP keep their meaning; 0 is what GDB knows and Linux does not.
            if signal != 0 {
                passed |= 1 << signal;
            }
        }
        self.tracer.choices.pass_signals = passed;
        Reply::Ok
    }

    fn catch_syscalls(&mut self, rest: &str) -> Reply {
        let Some(pid) = self.current_process() else {
            return Reply::Error("no program is being debugged".into());
        };
        let mut parts = rest.split(';');
        let wanted = match parts.next() {
            Some("0") => None,
            Some("1") => {
                let numbers = parts.map(|item| packet::parse_hex(item.as_bytes()));
                match numbers.collect::<Option<Vec<u64>>>() {
                    Some(numbers) => Some(numbers),
                    None => return Reply::Error("malformed system call list".into()),
                }
            }
            _ => return Reply::Error("malformed system call list".into()),
        };
        if let Some(process) = self.tracer.processes.get_mut(&pid) {
            process.system_calls = wanted;
        }
        Reply::Ok
    }

    /// `QTDV:NUMBER:VALUE:...`.
    fn define_variable(&mut self, rest: &str) -> Reply {
        let mut parts = rest
            .split(':')
            .map(|part| packet::parse_hex(part.as_bytes()));
        let (Some(Some(number)), Some(Some(value))) = (parts.next(), parts.next()) else {
            return Reply::Error("malformed variable definition".into());
        };
        let number = u16::try_from(number).ok();
        if number.is_some_and(|number| self.tracer.variables.set(number, value as i64)) {
            Reply::Ok
        } else {
            Reply::Error("there are not so many variables".into())
        }
    }

    fn read_variable(&mut self, rest: &str) -> Reply {
        let number = packet::parse_hex(rest.as_bytes()).and_then(|n| u16::try_from(n).ok());
        match number {
            Some(number) => Reply::Text(format!("V{:x}", self.tracer.variables.get(number))),
            None => Reply::Error("malformed variable number".into()),
        }
    }

    fn current_thread(&mut self) -> Reply {
        let Some(pid) = self.current_process() else {
            return Reply::Unsupported;
        };
        let known = self.tracer.threads.contains_key(&self.general);
        let tid = if known {
            Some(self.general)
        } else {
            self.tracer.representative_of(pid)
        };
        match tid {
            Some(tid) => Reply::Text(format!(
                "QC{}",
                thread_id::format(pid, tid, self.features.multiprocess)
            )),
            None => Reply::Unsupported,
        }
    }

    fn is_attached(&mut self, rest: &str) -> Reply {
        let pid = packet::parse_hex(rest.as_bytes()).map(|pid| pid as Tid);
        let pid = pid.or_else(|| self.current_process());
        let process = pid.and_then(|pid| self.tracer.processes.get(&pid));
        match process.map(|process| process.origin) {
            Some(crate::trace::tracer::Origin::Attached) => Reply::Text("1".into()),
            Some(crate::trace::tracer::Origin::Launched) => Reply::Text("0".into()),
            None => Reply::ErrorNumber(1),
        }
    }

    fn visible_threads(&self) -> Vec<(Tid, Tid)> {
        let of = |pid| {
            self.tracer
                .threads_of(pid)
                .into_iter()
                .map(move |tid| (pid, tid))
        };
        self.visible_processes().into_iter().flat_map(of).collect()
    }

    fn list_threads(&mut self) -> Reply {
        let multiprocess = self.features.multiprocess;
        let ids: Vec<String> = self
            .visible_threads()
            .into_iter()
            .map(|(pid, tid)| thread_id::format(pid, tid, multiprocess))
            .collect();
        if ids.is_empty() {
            return Reply::Text("l".into());
        }
        Reply::Text(format!("m{}", ids.join(",")))
    }

    fn describe_thread(&mut self, rest: &str) -> Reply {
        let id = ThreadId::parse(rest.as_bytes());
        let found = self
            .visible_threads()
            .into_iter()
            .find(|(pid, tid)| id.is_some_and(|id| id.covers(*pid, *tid)));
        match found {
            Some((_, tid)) => Reply::Text(packet::to_hex(procfs::comm(tid).as_bytes())),
            None => Reply::ErrorNumber(1),
        }
    }

    // --- qXfer -----------------------------------------------------------------------

    /// `qXfer:OBJECT:read:ANNEX:OFFSET,LENGTH` and the one `write`.
    fn transfer(&mut self, payload: &[u8]) -> Reply {
        let mut parts = payload.splitn(5, |byte| *byte == b':').skip(1);
        let (Some(object), Some(verb)) = (parts.next(), parts.next()) else {
            return Reply::Unsupported;
        };
        let (Some(annex), Some(rest)) = (parts.next(), parts.next()) else {
            return Reply::ErrorNumber(0);
        };
        if (object, verb) == (b"siginfo".as_slice(), b"write".as_slice()) {
            return self.write_siginfo(rest);
        }
        if verb != b"read" {
            return Reply::Unsupported;
        }
        let annex = String::from_utf8_lossy(annex).into_owned();
        let Some((offset, length)) = parse_window(rest) else {
            return Reply::ErrorNumber(0);
        };
        let document = match object {
            b"features" if annex == "target.xml" => Ok(self.target_xml().into_bytes()),
            b"features" => return Reply::ErrorNumber(0),
            b"auxv" => self.with_live_thread(|tid| procfs::auxv(tid).map_err(|e| e.to_string())),
            b"exec-file" => self.executable(&annex),
            b"threads" => Ok(self.threads_xml()),
            b"siginfo" => self.read_siginfo(),
            b"osdata" if annex == "processes" => Ok(procfs::processes_xml().into_bytes()),
            b"osdata" => Ok(OSDATA_TYPES.as_bytes().to_vec()),
            b"libraries-svr4" => self.libraries(),
            _ => return Reply::Unsupported,
        };
        match document {
            Ok(document) => Reply::Binary(window(&document, offset, length)),
            Err(text) => Reply::Error(text),
        }
    }

    fn with_live_thread(
        &self,
        read: impl FnOnce(Tid) -> Result<Vec<u8>, String>,
    ) -> Result<Vec<u8>, String> {
        let pid = self
            .current_process()
            .ok_or("no program is being debugged")?;
        read(
            self.tracer
                .representative_of(pid)
                .ok_or("no thread is left")?,
        )
    }

    fn executable(&self, annex: &str) -> Result<Vec<u8>, String> {
        let pid = match packet::parse_hex(annex.as_bytes()) {
            Some(pid) => Some(pid as Tid),
            None => self.current_process(),
        };
        let tid = pid
            .and_then(|pid| self.tracer.representative_of(pid))
            .ok_or("no such process")?;
        procfs::executable(tid)
            .map(String::into_bytes)
            .map_err(|error| error.to_string())
    }

    fn threads_xml(&self) -> Vec<u8> {
        let mut xml = String::from("<?xml version=\"1.0\"?>\n<threads>\n");
        for (pid, tid) in self.visible_threads() {
            let id = thread_id::format(pid, tid, self.features.multiprocess);
            let name = procfs::escape_xml(&procfs::comm(tid));
            let core = procfs::core_and_start(tid).map_or(0, |(core, _)| core);
            let _ = writeln!(xml, "<thread id=\"{id}\" core=\"{core}\" name=\"{name}\"/>");
        }
        xml.push_str("</threads>\n");
        xml.into_bytes()
    }

    fn libraries(&self) -> Result<Vec<u8>, String> {
        let auxv = self.with_live_thread(|tid| procfs::auxv(tid).map_err(|e| e.to_string()))?;
        let process = self
            .current_process()
            .and_then(|pid| self.tracer.processes.get(&pid))
            .ok_or("no program is being debugged")?;
        let mut read = |address, into: &mut [u8]| process.memory.read_exact(address, into);
        Ok(libraries::libraries_xml(&auxv, &mut read).into_bytes())
    }

    fn read_siginfo(&self) -> Result<Vec<u8>, String> {
        let saved = self
            .tracer
            .threads
            .get(&self.general)
            .and_then(|thread| thread.saved_siginfo);
        let info = match saved {
            Some(info) => info,
            None => ptrace::read_siginfo(self.general).map_err(|error| error.desc().to_owned())?,
        };
        // SAFETY: siginfo_t is 128 bytes of plain data.
        Ok(unsafe { std::mem::transmute::<libc::siginfo_t, [u8; 128]>(info) }.to_vec())
    }

    fn write_siginfo(&mut self, rest: &[u8]) -> Reply {
        let colon = rest.iter().position(|byte| *byte == b':');
        let parsed = colon.and_then(|at| Some((packet::parse_hex(&rest[..at])?, &rest[at + 1..])));
        let Some((offset, data)) = parsed else {
            return Reply::ErrorNumber(0);
        };
        let Ok(mut bytes) = self.read_siginfo() else {
            return Reply::ErrorNumber(1);
        };
        let end = (offset as usize).saturating_add(data.len());
        let Some(target) = bytes.get_mut(offset as usize..end) else {
            return Reply::ErrorNumber(0);
        };
        target.copy_from_slice(data);
        // SAFETY: the bytes came from a siginfo_t and are as long.
        let info = unsafe { bytes.as_ptr().cast::<libc::siginfo_t>().read_unaligned() };
        match ptrace::write_siginfo(self.general, &info) {
            Ok(()) => Reply::Text(format!("{:x}", data.len())),
            Err(error) => Reply::Error(error.desc().to_owned()),
        }
    }
}

const OSDATA_TYPES: &str = "<?xml version=\"1.0\"?>\n<osdata type=\"types\">\n<item>\
<column name=\"Type\">processes</column>\
<column name=\"Description\">Listing of all processes</column></item>\n</osdata>\n";

fn parse_window(text: &[u8]) -> Option<(usize, usize)> {
    let mut parts = text.splitn(2, |byte| *byte == b',');
    let offset = packet::parse_hex(parts.next()?)?;
    let length = packet::parse_hex(parts.next()?)?;
    Some((usize::try_from(offset).ok()?, usize::try_from(length).ok()?))
}

/// One piece of a document: `m` when more follows, `l` for the last.
fn window(document: &[u8], offset: usize, length: usize) -> Vec<u8> {
    let start = offset.min(document.len());
    let length = length.min(packet::MAX_PAYLOAD / 2 - 16);
    let end = start.saturating_add(length).min(document.len());
    let mut piece = vec![if end < document.len() { b'm' } else { b'l' }];
    piece.extend(&document[start..end]);
    piece
}

#[cfg(test)]
mod tests {
    use super::window;

    #[test]
    fn a_document_is_read_in_pieces() {
        assert_eq!(window(b"abcdef", 0, 4), b"mabcd");
        assert_eq!(window(b"abcdef", 4, 4), b"lef");
        assert_eq!(window(b"abcdef", 9, 4), b"l");
        assert_eq!(window(b"abcdef", usize::MAX, usize::MAX), b"l");
    }
}
