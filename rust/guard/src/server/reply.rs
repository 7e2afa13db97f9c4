//! Telling stops.

use std::fmt::Write as _;
use std::io;
use std::time::Instant;

use log::debug;

use super::{Reply, Server, thread_id};
use crate::breakpoints::debug_registers::WatchKind;
use crate::os::procfs;
use crate::os::ptrace::Tid;
use crate::os::registers;
use crate::server::packet;
use crate::trace::tracer::{Intent, Reason, Report};

impl Server {
    /// Sends what the client has to hear and may hear now.
    pub(super) fn report_stops(&mut self) -> io::Result<()> {
        if self.tracer.reports.is_empty() {
            return Ok(());
        }
        if !self.features.non_stop {
            if !self.owes_stop {
                return Ok(());
            }
            // A finished step first: the client would not know what to make of it later.
            let reports = &mut self.tracer.reports;
            let step = reports
                .iter()
                .position(|report| report.reason == Reason::Step);
            let Some(report) = reports.remove(step.unwrap_or(0)) else {
                return Ok(());
            };
            self.owes_stop = false;
            let text = self.render(&report);
            self.select(report.tid);
            return self.send(Reply::Text(text));
        }
        if self.notifying {
            return Ok(());
        }
        let Some(report) = self.tracer.reports.front().cloned() else {
            return Ok(());
        };
        self.notifying = true;
        self.reported_at = Some(Instant::now());
        let text = format!("Stop:{}", self.render(&report));
        debug!("-> %{text}");
        packet::encode_notification(&mut self.outgoing, text.as_bytes());
        Ok(())
    }

    /// `vStopped`: the stop last told has arrived; tell the next.
    pub(super) fn next_stop(&mut self) -> Reply {
        if !self.stops_to_repeat.is_empty() {
            return self.repeat_next_stop();
        }
        if self.notifying {
            self.tracer.reports.pop_front();
        }
        if let Some(report) = self.tracer.reports.front().cloned() {
            self.notifying = true;
            Reply::Text(self.render(&report))
        } else {
            self.notifying = false;
            Reply::Ok
        }
    }

    /// Whoever resumes after the one stop there was, marked as the last, has seen it.
    pub(super) fn acknowledge_last_stop(&mut self) {
        if self.notifying && self.tracer.choices.stop_all && self.tracer.reports.len() == 1 {
            self.tracer.reports.pop_front();
            self.notifying = false;
        }
    }

    /// `?`: every stop there is, or in all-stop mode the one that counts.
    pub(super) fn repeat_stops(&mut self) -> Reply {
        if self.features.non_stop {
            self.notifying = false;
            self.tracer.reports.retain(|report| report.reason.is_end());
            self.stops_to_repeat = Vec::new();
            for pid in self.visible_processes() {
                for tid in self.tracer.threads_of(pid) {
                    let thread = self.tracer.threads.get(&tid);
                    if thread.is_some_and(|thread| thread.intent == Intent::Stopped) {
                        self.stops_to_repeat.push((pid, tid));
                    }
                }
            }
            self.stops_to_repeat.reverse();
            return self.repeat_next_stop();
        }
        let Some(pid) = self.current_process() else {
            return Reply::Text("W00".into());
        };
        if let Some(report) = self.tracer.reports.pop_front() {
            self.select(report.tid);
            return Reply::Text(self.render(&report));
        }
        let Some(tid) = self.tracer.representative_of(pid) else {
            return Reply::Text("W00".into());
        };
        self.select(tid);
        Reply::Text(self.render(&Report {
            pid,
            tid,
            reason: Reason::Trap,
        }))
    }

    fn repeat_next_stop(&mut self) -> Reply {
        match self.stops_to_repeat.pop() {
            Some((pid, tid)) => Reply::Text(self.render(&Report {
                pid,
                tid,
                reason: Reason::Interrupt,
            })),
            None => Reply::Ok,
        }
    }

    /// The stop reply packet for a stop.
    pub(super) fn render(&mut self, report: &Report) -> String {
        let multiprocess = self.features.multiprocess;
        let id = |pid: Tid, tid: Tid| thread_id::format(pid, tid, multiprocess);
        let process = if multiprocess {
            format!(";process:{:x}", report.pid)
        } else {
            String::new()
        };
        match &report.reason {
            Reason::Exited(code) => return format!("W{code:02x}{process}"),
            Reason::Killed(signal) => return format!("X{:02x}{process}", to_gdb_signal(*signal)),
            Reason::ThreadExited(code) => {
                return format!("w{code:02x};{}", id(report.pid, report.tid));
            }
            Reason::NoResumed => return "N".into(),
            _ => {}
        }
        let mut text = format!("T{:02x}", to_gdb_signal(self.signal_of(&report.reason)));
        let failure = self.tracer.threads.get_mut(&report.tid);
        if let Some(failure) = failure.and_then(|thread| thread.condition_failure.take()) {
            let text_in_hex = packet::to_hex(failure.as_bytes());
            let _ = write!(text, "crabtrap.condition-error:{text_in_hex};");
        }
        self.push_reason(&mut text, report);
        let _ = write!(text, "thread:{};", id(report.pid, report.tid));
        if self.tracer.choices.stop_all {
            // Every thread is parked: a client that knows this need not ask for more.
            if self.tracer.reports.len() == 1 {
                text.push_str("crabtrap.last-stop:;");
            }
        } else if let Some((core, _)) = procfs::core_and_start(report.tid) {
            let _ = write!(text, "core:{core:x};");
        }
        self.push_registers(&mut text, report.tid);
        text
    }

    fn signal_of(&self, reason: &Reason) -> i32 {
        match reason {
            Reason::Signal(signal) => *signal,
            Reason::Interrupt if self.features.non_stop => 0,
            Reason::Interrupt => libc::SIGINT,
            Reason::ThreadCreated => 0,
            _ => libc::SIGTRAP,
        }
    }

    fn push_reason(&self, text: &mut String, report: &Report) {
        let id = |tid| thread_id::format(tid, tid, self.features.multiprocess);
        let hex = |string: &str| packet::to_hex(string.as_bytes());
        let _ = match &report.reason {
            Reason::Breakpoint if self.features.swbreak => write!(text, "swbreak:;"),
            Reason::HardwareBreakpoint if self.features.hwbreak => write!(text, "hwbreak:;"),
            Reason::Watch(kind, address) => {
                let name = match kind {
                    WatchKind::Read => "rwatch",
                    WatchKind::Access => "awatch",
                    WatchKind::Write | WatchKind::Execute => "watch",
                };
                write!(text, "{name}:{address:x};")
            }
            Reason::Fork(child) => write!(text, "fork:{};", id(*child)),
            Reason::Vfork(child) => write!(text, "vfork:{};", id(*child)),
            Reason::VforkDone => write!(text, "vforkdone:;"),
            Reason::Exec(path) => write!(text, "exec:{};", hex(path)),
            Reason::SyscallEntry(number) => write!(text, "syscall_entry:{number:x};"),
            Reason::SyscallReturn(number) => write!(text, "syscall_return:{number:x};"),
            Reason::ThreadCreated => write!(text, "create:;"),
            _ => Ok(()),
        };
    }

    /// Adds the registers most clients ask for next.
    fn push_registers(&mut self, text: &mut String, tid: Tid) {
        let Some(thread) = self.tracer.threads.get_mut(&tid) else {
            return;
        };
        if thread.ptrace_stop.is_none() {
            return;
        }
        let Ok(general) = thread.registers() else {
            return;
        };
        for number in 0..=registers::EFLAGS {
            let Some(value) = registers::general(general, number) else {
                continue;
            };
            let size = if number == registers::EFLAGS { 4 } else { 8 };
            let bytes = packet::to_hex(&value.to_le_bytes()[..size]);
            let _ = write!(text, "{number:02x}:{bytes};");
        }
    }
}

/// The remote protocol numbers signals as GDB does (gdb/signals.def in any GDB), which agrees
/// with Linux only in part.
const GDB_SIGNALS: [(i32, i32); 22] = [
    (libc::SIGBUS, 10),
    (libc::SIGUSR1, 30),
    (libc::SIGUSR2, 31),
    (libc::SIGSTKFLT, 143),
    (libc::SIGCHLD, 20),
    (libc::SIGCONT, 19),
    (libc::SIGSTOP, 17),
    (libc::SIGTSTP, 18),
    (libc::SIGURG, 16),
    (libc::SIGIO, 23),
    (libc::SIGPWR, 32),
    (libc::SIGSYS, 12),
    (32, 77),
    (33, 45),
    (34, 46),
    (libc::SIGILL, 4),
    (libc::SIGTRAP, 5),
    (libc::SIGABRT, 6),
    (libc::SIGFPE, 8),
    (libc::SIGKILL, 9),
    (libc::SIGSEGV, 11),
    (libc::SIGALRM, 14),
];

/// Linux signal number to the protocol's.
pub fn to_gdb_signal(signal: i32) -> i32 {
    match GDB_SIGNALS.iter().find(|(linux, _)| *linux == signal) {
        Some((_, gdb)) => *gdb,
        None if (35..=63).contains(&signal) => signal + 12,
        None if signal == 64 => 78,
        None => signal,
    }
}

/// The protocol's signal number to Linux's.
pub fn from_gdb_signal(signal: i32) -> i32 {
    (1..=64)
        .find(|linux| to_gdb_signal(*linux) == signal)
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signal_numbers_make_the_round_trip() {
        for linux in 1..=64 {
            assert_eq!(
                from_gdb_signal(to_gdb_signal(linux)),
                linux,
                "signal {linux}"
            );
        }
        assert_eq!(from_gdb_signal(0), 0);
    }
}
