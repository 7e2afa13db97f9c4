//! Stops: when they are sent, and the stop reply packet ("Stop Reply Packets" in the GDB
//! manual).

use std::fmt::Write as _;
use std::io;
use std::time::Instant;

use log::debug;

use super::{Notifying, Reply, Server, packet, signal_numbers, thread_id};
use crate::breakpoints::debug_registers::WatchKind;
use crate::os::procfs;
use crate::os::ptrace::Tid;
use crate::os::registers;
use crate::trace::report::{Reason, Report};

impl Server {
    /// Sends the stop that the client may hear of now, if there is one.
    pub(super) fn send_stops(&mut self) -> io::Result<()> {
        if self.tracer.reports().is_empty() {
            return Ok(());
        }
        if self.features.non_stop {
            self.notify();
            return Ok(());
        }
        if !self.owes_stop {
            return Ok(());
        }
        // A finished step first: the client would not know what to make of it later.
        let Some(report) = self.tracer.reports_mut().take_step_or_first() else {
            return Ok(());
        };
        self.owes_stop = false;
        let text = self.render(&report);
        self.select(report.tid);
        self.send(Reply::Text(text))
    }

    /// Begins a sequence of notifications ("Notification Packets" in the GDB manual).
    fn notify(&mut self) {
        if self.notifying != Notifying::No {
            return;
        }
        let Some(report) = self.tracer.reports_mut().send_first() else {
            return;
        };
        self.stop_sent_at = Some(Instant::now());
        let mut text = format!("Stop:{}", self.render(&report));
        let is_last = self.tracer.choices().stop_all && self.tracer.reports().has_only_one();
        self.notifying = if is_last && !report.reason.is_end() {
            // Every thread is stopped: a client that knows this need not ask for more.
            text.push_str("crabtrap.last-stop:;");
            Notifying::Last
        } else {
            Notifying::Sequence
        };
        debug!("-> %{text}");
        packet::encode_notification(&mut self.outgoing, text.as_bytes());
    }

    /// `vStopped`: the stop sent last has arrived; answers with the next, or `OK`.
    pub(super) fn acknowledge_stop(&mut self) -> Reply {
        if !self.unsent_stops.is_empty() {
            return self.send_unsent_stop();
        }
        self.tracer.reports_mut().acknowledge_sent();
        let report = self.tracer.reports_mut().send_first();
        // Never the last, of which a resume that was sent along with this would seem to know.
        self.notifying = match report {
            Some(_) => Notifying::Sequence,
            None => Notifying::No,
        };
        report.map_or(Reply::Ok, |report| Reply::Text(self.render(&report)))
    }

    /// A resume after a stop that was marked as the last acknowledges it.
    pub(super) fn acknowledge_last_stop(&mut self) {
        if self.notifying == Notifying::Last {
            self.tracer.reports_mut().acknowledge_sent();
            self.notifying = Notifying::No;
        }
    }

    /// `?`: every stop there is, or in all-stop mode the one that counts.
    pub(super) fn report_current_stops(&mut self) -> Reply {
        if self.features.non_stop {
            self.notifying = Notifying::No;
            self.tracer.reports_mut().keep_ends();
            self.unsent_stops = self.visible_threads();
            self.unsent_stops
                .retain(|(_, tid)| self.tracer.is_stopped(*tid));
            self.unsent_stops.reverse();
            return self.send_unsent_stop();
        }
        if let Some(report) = self.tracer.reports_mut().take_first() {
            self.select(report.tid);
            return Reply::Text(self.render(&report));
        }
        let pid = self.current_process();
        let tid = pid.and_then(|pid| self.tracer.representative_of(pid));
        let (Some(pid), Some(tid)) = (pid, tid) else {
            return Reply::Text("W00".into());
        };
        self.select(tid);
        Reply::Text(self.render(&Report {
            pid,
            tid,
            reason: Reason::Trap,
        }))
    }

    fn send_unsent_stop(&mut self) -> Reply {
        match self.unsent_stops.pop() {
            Some((pid, tid)) => Reply::Text(self.render(&Report {
                pid,
                tid,
                reason: Reason::Interrupt,
            })),
            None => Reply::Ok,
        }
    }

    /// Renders the stop reply packet of a report.
    pub(super) fn render(&mut self, report: &Report) -> String {
        if let Some(text) = self.render_end(report) {
            return text;
        }
        let signal = signal_numbers::to_gdb(self.signal_of(&report.reason));
        let mut text = format!("T{signal:02x}");
        if let Some(failure) = self.tracer.take_condition_failure(report.tid) {
            let failure = packet::to_hex(failure.as_bytes());
            let _ = write!(text, "crabtrap.condition-error:{failure};");
        }
        self.push_reason(&mut text, report);
        let id = thread_id::format(report.pid, report.tid, self.features.multiprocess);
        let _ = write!(text, "thread:{id};");
        // Reading it costs more than the rest, and a client that has all stop shows it of none.
        if !self.tracer.choices().stop_all
            && let Some((core, _)) = procfs::core_and_start(report.tid)
        {
            let _ = write!(text, "core:{core:x};");
        }
        self.push_registers(&mut text, report.tid);
        text
    }

    /// Renders the end of a thread or process; `None` for a stop.
    fn render_end(&self, report: &Report) -> Option<String> {
        let multiprocess = self.features.multiprocess;
        let process = if multiprocess {
            format!(";process:{:x}", report.pid)
        } else {
            String::new()
        };
        match report.reason {
            Reason::Exited(code) => Some(format!("W{code:02x}{process}")),
            Reason::Killed(signal) => {
                let signal = signal_numbers::to_gdb(signal);
                Some(format!("X{signal:02x}{process}"))
            }
            Reason::ThreadExited(code) => {
                let id = thread_id::format(report.pid, report.tid, multiprocess);
                Some(format!("w{code:02x};{id}"))
            }
            Reason::NoResumed => Some("N".into()),
            _ => None,
        }
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

    /// Adds the registers that most clients ask for next.
    fn push_registers(&mut self, text: &mut String, tid: Tid) {
        let Some(general) = self.tracer.general_registers(tid) else {
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
