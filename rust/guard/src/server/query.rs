//! `q` and `Q` packets: queries and settings.

use super::{Reply, Server, packet, signal_numbers};
use crate::os::ptrace::Tid;
use crate::trace::process::Origin;

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
                self.tracer.choices_mut().stop_all = rest == "1";
                Reply::Ok
            }
            "qcrabtrap.MemoryFd" => self.share_memory(rest),
            "Qcrabtrap.Stdio" => self.take_stdio(),
            "Qcrabtrap.Successor" => self.set_successor(rest),
            "QThreadEvents" => {
                self.tracer.choices_mut().thread_events = rest == "1";
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
            // Signals are delivered as resumes say, and symbols are of no use here.
            "QProgramSignals" | "qSymbol" => Reply::Ok,
            _ => Reply::Unsupported,
        }
    }

    /// `qSupported`.
    fn negotiate(&mut self, offered: &str) -> Reply {
        let passes = self.transport.can_pass_descriptors();
        let choices = self.tracer.choices_mut();
        Reply::Text(self.features.negotiate(offered, choices, passes))
    }

    /// `QNonStop`: whether stops are notifications.
    fn set_non_stop(&mut self, non_stop: bool) -> Reply {
        self.features.non_stop = non_stop;
        self.tracer.choices_mut().one_report = !non_stop;
        Reply::Ok
    }

    /// `qcrabtrap.MemoryFd:PID`.
    fn share_memory(&mut self, rest: &str) -> Reply {
        if !self.transport.can_pass_descriptors() {
            return Reply::Unsupported;
        }
        let pid = packet::parse_hex(rest.as_bytes()).map(|pid| pid as Tid);
        let Some(pid) = pid.filter(|pid| self.tracer.is_visible(*pid)) else {
            return Reply::Error(format!("process {rest} is not being debugged here"));
        };
        match self.tracer.duplicate_memory(pid) {
            Ok(fd) => Reply::Descriptor(fd),
            Err(error) => Reply::Error(error.to_string()),
        }
    }

    /// `QPassSignals:SIGNAL;...`: signals that are delivered without a report.
    fn pass_signals(&mut self, rest: &str) -> Reply {
        let mut passed = 0_u128;
        for item in rest.split(';').filter(|item| !item.is_empty()) {
            let Some(number) = packet::parse_hex(item.as_bytes()) else {
                return Reply::Error("malformed signal list".into());
            };
            let signal = signal_numbers::from_gdb(i32::try_from(number).unwrap_or(0));
            // SIGTRAP and SIGSTOP keep their meaning; 0 is what GDB knows and Linux does not.
            if signal != 0 {
                passed |= 1 << signal;
            }
        }
        self.tracer.choices_mut().pass_signals = passed;
        Reply::Ok
    }

    /// `QCatchSyscalls:0` or `QCatchSyscalls:1;NUMBER...`.
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
        self.tracer.catch_syscalls(pid, wanted);
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
        if number.is_some_and(|number| self.tracer.set_variable(number, value as i64)) {
            Reply::Ok
        } else {
            Reply::Error("there are not so many variables".into())
        }
    }

    /// `qTV:NUMBER`.
    fn read_variable(&mut self, rest: &str) -> Reply {
        let number = packet::parse_hex(rest.as_bytes()).and_then(|n| u16::try_from(n).ok());
        match number {
            Some(number) => Reply::Text(format!("V{:x}", self.tracer.variable(number))),
            None => Reply::Error("malformed variable number".into()),
        }
    }

    /// `qAttached:PID`: whether a process was running before.
    fn is_attached(&mut self, rest: &str) -> Reply {
        let pid = packet::parse_hex(rest.as_bytes()).map(|pid| pid as Tid);
        let pid = pid.or_else(|| self.current_process());
        match pid.and_then(|pid| self.tracer.origin_of(pid)) {
            Some(Origin::Attached) => Reply::Text("1".into()),
            Some(Origin::Launched) => Reply::Text("0".into()),
            None => Reply::ErrorNumber(1),
        }
    }
}
