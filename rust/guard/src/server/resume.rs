//! `vCont` and its older kin: running, stopping, killing, detaching.

use std::time::Instant;

use super::thread_id::{Id, ThreadId};
use super::{Reply, Server, reply};
use crate::os::ptrace::Tid;
use crate::server::packet;
use crate::trace::resume::Order;
use crate::trace::tracer::{Action, Intent};

/// One action of a `vCont`.
struct Clause {
    does: Does,
    who: ThreadId,
}

enum Does {
    Run(Action, i32),
    Stop,
}

impl Server {
    /// `vCont`: the leftmost clause that covers a thread decides for it.
    pub(super) fn resume(&mut self, text: &[u8]) -> Reply {
        let clauses: Option<Vec<Clause>> = text
            .split(|byte| *byte == b';')
            .filter(|part| !part.is_empty())
            .map(parse_clause)
            .collect();
        match clauses {
            Some(clauses) if !clauses.is_empty() => self.carry_out(&clauses),
            _ => Reply::Error("malformed vCont packet".into()),
        }
    }

    /// `c`, `C`, `s` and `S`: the current thread steps, everything else runs too.
    pub(super) fn resume_plainly(&mut self, kind: u8, rest: &[u8]) -> Reply {
        let signal = match kind {
            b'C' | b'S' => packet::parse_hex(rest.get(..2).unwrap_or_default()),
            _ if rest.is_empty() => Some(0),
            _ => None,
        };
        let Some(signal) = signal else {
            return Reply::Error("resuming at an address is not supported".into());
        };
        let signal = reply::from_gdb_signal(signal as i32);
        let action = if matches!(kind, b's' | b'S') {
            Action::Step
        } else {
            Action::Continue
        };
        let who = ThreadId {
            pid: Id::All,
            tid: Id::One(self.general),
        };
        let mut clauses = vec![Clause {
            does: Does::Run(action, signal),
            who,
        }];
        clauses.push(Clause {
            does: Does::Run(Action::Continue, 0),
            who: ThreadId::ALL,
        });
        self.carry_out(&clauses)
    }

    fn carry_out(&mut self, clauses: &[Clause]) -> Reply {
        if self.visible_processes().is_empty() {
            return Reply::Error("no program is being debugged".into());
        }
        let mut orders = Vec::new();
        let mut stops = Vec::new();
        for pid in self.visible_processes() {
            for tid in self.tracer.threads_of(pid) {
                match clauses
                    .iter()
                    .find(|clause| clause.who.covers(pid, tid))
                    .map(|c| &c.does)
                {
                    Some(Does::Run(action, signal)) => {
                        orders.push(Order {
                            tid,
                            action: *action,
                            signal: *signal,
                        });
                    }
                    Some(Does::Stop) => stops.push(tid),
                    None => {}
                }
            }
        }
        if self.features.non_stop {
            self.acknowledge_last_stop();
            self.tracer.resume(&orders);
            self.tracer.stop(&stops);
            self.resumed_at = Some(Instant::now());
            return Reply::Ok;
        }
        self.owes_stop = true;
        // A stop that was found beside the one told last comes first.
        if self.tracer.reports.is_empty() {
            self.tracer.resume(&orders);
        }
        Reply::Later
    }

    /// The client's Ctrl-C: one thread stands for all.
    pub(super) fn interrupt(&mut self) {
        for pid in self.visible_processes() {
            let goes = |tid: &Tid| {
                self.tracer
                    .threads
                    .get(tid)
                    .is_some_and(|thread| thread.intent != Intent::Stopped && !thread.is_zombie)
            };
            let threads = self.tracer.threads_of(pid);
            if let Some(tid) = threads.iter().copied().find(goes) {
                self.tracer.stop(&[tid]);
                if !self.features.non_stop {
                    return;
                }
            }
        }
    }

    /// `D`: lets one process go, or all.
    pub(super) fn detach(&mut self, rest: &[u8]) -> Reply {
        let pids = match rest.strip_prefix(b";") {
            None => self.visible_processes(),
            Some(text) => match packet::parse_hex(text) {
                Some(pid) => vec![pid as Tid],
                None => return Reply::Error("malformed process id".into()),
            },
        };
        let mut outcome = Ok(());
        for pid in pids {
            outcome = outcome.and(
                self.tracer
                    .detach(pid)
                    .map_err(|error| format!("process {pid}: {}", error.desc())),
            );
        }
        self.stops_to_repeat.clear();
        if !self.features.extended && self.visible_processes().is_empty() {
            self.finished = true;
        }
        outcome.into()
    }

    /// `vKill`.
    pub(super) fn kill(&mut self, rest: &[u8]) -> Reply {
        let Some(pid) = packet::parse_hex(rest).map(|pid| pid as Tid) else {
            return Reply::Error("malformed process id".into());
        };
        if !self.tracer.processes.contains_key(&pid) {
            return Reply::Error(format!("process {pid} is not being debugged here"));
        }
        self.tracer.kill(pid);
        // The answer says it all; no stop reply may follow.
        self.tracer.reports.retain(|report| report.pid != pid);
        Reply::Ok
    }

    /// `k`: ends everything, without an answer.
    pub(super) fn kill_all(&mut self) -> Reply {
        for pid in self.visible_processes() {
            self.tracer.kill(pid);
        }
        self.tracer.reports.clear();
        self.finished = !self.features.extended;
        Reply::Later
    }
}

fn parse_clause(text: &[u8]) -> Option<Clause> {
    let mut parts = text.splitn(2, |byte| *byte == b':');
    let what = parts.next()?;
    let who = parts.next().map_or(Some(ThreadId::ALL), ThreadId::parse)?;
    let (kind, argument) = what.split_first()?;
    let signal = || {
        let number = packet::parse_hex(argument)?;
        Some(reply::from_gdb_signal(i32::try_from(number).ok()?))
    };
    let does = match kind {
        b'c' => Does::Run(Action::Continue, 0),
        b's' => Does::Run(Action::Step, 0),
        b'C' => Does::Run(Action::Continue, signal()?),
        b'S' => Does::Run(Action::Step, signal()?),
        b't' => Does::Stop,
        b'r' => {
            let mut ends = argument.splitn(2, |byte| *byte == b',');
            let start = packet::parse_hex(ends.next()?)?;
            let end = packet::parse_hex(ends.next()?)?;
            Does::Run(Action::RangeStep { start, end }, 0)
        }
        _ => return None,
    };
    Some(Clause { does, who })
}
