//! Running, stopping, killing and detaching: `vCont` and its older kin, `D`, `k`, `vKill`.

use std::time::Instant;

use super::thread_id::{Id, ThreadId};
use super::threads::NO_SUCH_THREAD;
use super::{Reply, Server, packet, signal_numbers};
use crate::os::ptrace::Tid;
use crate::trace::resume::ResumeRequest;
use crate::trace::thread::Action;

/// One action of a `vCont`, and the threads that it is for.
struct Clause {
    verb: Verb,
    threads: ThreadId,
}

enum Verb {
    /// Resume in this way, with this signal or 0.
    Resume(Action, i32),
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

    /// `c`, `C`, `s` and `S`: the thread that `Hc` names is resumed alone.  Where it names more
    /// than one, the current thread steps and the others run too.
    pub(super) fn resume_plainly(&mut self, kind: u8, rest: &[u8]) -> Reply {
        let signal = match kind {
            b'C' | b'S' => packet::parse_hex(rest.get(..2).unwrap_or_default()),
            _ if rest.is_empty() => Some(0),
            _ => None,
        };
        let Some(signal) = signal else {
            return Reply::Error("resuming at an address is not supported".into());
        };
        let signal = signal_numbers::from_gdb(signal as i32);
        let action = if matches!(kind, b's' | b'S') {
            Action::Step
        } else {
            Action::Continue
        };
        if self.has_untold_stop() {
            return self.owe_stop();
        }
        let Some(tid) = self.thread_to_resume() else {
            return Reply::Error(NO_SUCH_THREAD.into());
        };
        let first = Clause {
            verb: Verb::Resume(action, signal),
            threads: ThreadId {
                pid: Id::All,
                tid: Id::One(tid),
            },
        };
        let others = Clause {
            verb: Verb::Resume(Action::Continue, 0),
            threads: self.resumed,
        };
        self.carry_out(&[first, others])
    }

    /// Whether, in all-stop mode, there is a stop that answers a resume before anything is
    /// resumed: one that was found beside the one sent last, or the program's end since then.
    pub(super) fn has_untold_stop(&self) -> bool {
        !self.features.non_stop && !self.tracer.reports().is_empty()
    }

    /// All-stop mode: the next stop is the answer.
    fn owe_stop(&mut self) -> Reply {
        self.owes_stop = true;
        Reply::Later
    }

    /// Returns the thread that `c` and `s` are about: the current one if `Hc` covers it.
    fn thread_to_resume(&self) -> Option<Tid> {
        let covered = self.threads_covered_by(self.resumed);
        let is_current = |(_, tid): &(Tid, Tid)| *tid == self.general;
        if !self.resumed.names_one() || covered.iter().any(is_current) {
            return Some(self.general);
        }
        covered.first().map(|(_, tid)| *tid)
    }

    /// Resumes and stops each thread by the first clause that covers it.
    fn carry_out(&mut self, clauses: &[Clause]) -> Reply {
        if self.features.non_stop {
            self.acknowledge_last_stop();
        }
        if self.has_untold_stop() {
            return self.owe_stop();
        }
        if self.tracer.visible_processes().is_empty() {
            return Reply::Error("no program is being debugged".into());
        }
        let mut requests = Vec::new();
        let mut stops = Vec::new();
        for (pid, tid) in self.visible_threads() {
            let clause = clauses
                .iter()
                .find(|clause| clause.threads.covers(pid, tid));
            match clause.map(|clause| &clause.verb) {
                Some(Verb::Resume(action, signal)) => requests.push(ResumeRequest {
                    tid,
                    action: *action,
                    signal: *signal,
                }),
                Some(Verb::Stop) => stops.push(tid),
                None => {}
            }
        }
        if self.features.non_stop {
            self.tracer.resume(&requests);
            self.tracer.stop(&stops);
            self.resumed_at = Some(Instant::now());
            return Reply::Ok;
        }
        self.tracer.resume(&requests);
        self.owe_stop()
    }

    /// `vCtrlC` and the byte 0x03: asks for one stop per process, in all-stop mode for one
    /// in all.
    pub(super) fn interrupt(&mut self) {
        for pid in self.tracer.visible_processes() {
            let mut threads = self.tracer.threads_of(pid).into_iter();
            if let Some(tid) = threads.find(|tid| self.tracer.can_be_stopped(*tid)) {
                self.tracer.stop(&[tid]);
                if !self.features.non_stop {
                    return;
                }
            }
        }
    }

    /// `D`: detaches from one process, or from all.
    pub(super) fn detach(&mut self, rest: &[u8]) -> Reply {
        let pids = match rest.strip_prefix(b";") {
            None => self.tracer.visible_processes(),
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
        self.unsent_stops.clear();
        if !self.features.extended && self.tracer.visible_processes().is_empty() {
            self.is_finished = true;
        }
        outcome.into()
    }

    /// `vKill`: ends one process.
    pub(super) fn kill(&mut self, rest: &[u8]) -> Reply {
        let Some(pid) = packet::parse_hex(rest).map(|pid| pid as Tid) else {
            return Reply::Error("malformed process id".into());
        };
        if self.tracer.has_process(pid) {
            self.tracer.kill(pid);
        } else if !self.tracer.reports().has_stop_in(pid) {
            // Nor has it ended since the client last heard of it.
            return Reply::Error(format!("process {pid} is not being debugged here"));
        }
        // The answer says it all; no stop reply may follow.
        self.tracer.reports_mut().drop_process(pid);
        Reply::Ok
    }

    /// `k`: ends everything, without an answer.
    pub(super) fn kill_all(&mut self) -> Reply {
        for pid in self.tracer.visible_processes() {
            self.tracer.kill(pid);
        }
        self.tracer.reports_mut().clear();
        self.is_finished = !self.features.extended;
        Reply::Later
    }
}

fn parse_clause(text: &[u8]) -> Option<Clause> {
    let mut parts = text.splitn(2, |byte| *byte == b':');
    let what = parts.next()?;
    let threads = parts.next().map_or(Some(ThreadId::ALL), ThreadId::parse)?;
    let (kind, argument) = what.split_first()?;
    let signal = || {
        let number = packet::parse_hex(argument)?;
        Some(signal_numbers::from_gdb(i32::try_from(number).ok()?))
    };
    let verb = match kind {
        b'c' => Verb::Resume(Action::Continue, 0),
        b's' => Verb::Resume(Action::Step, 0),
        b'C' => Verb::Resume(Action::Continue, signal()?),
        b'S' => Verb::Resume(Action::Step, signal()?),
        b't' => Verb::Stop,
        b'r' => {
            let mut ends = argument.splitn(2, |byte| *byte == b',');
            let start = packet::parse_hex(ends.next()?)?;
            let end = packet::parse_hex(ends.next()?)?;
            Verb::Resume(Action::RangeStep { start, end }, 0)
        }
        _ => return None,
    };
    Some(Clause { verb, threads })
}
