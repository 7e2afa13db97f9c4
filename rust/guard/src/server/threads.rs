//! Which threads there are, and which of them packets are about: `H`, `T`, `qC`,
//! `qfThreadInfo`, `qThreadExtraInfo`, `qXfer:threads`.

use std::fmt::Write as _;

use super::thread_id::{self, Id, ThreadId};
use super::{Reply, Server, documents, packet};
use crate::os::procfs;
use crate::os::ptrace::Tid;

/// The answer about a thread that does not exist.
pub(super) const NO_SUCH_THREAD: &str = "no such thread";

impl Server {
    /// Lists the threads of all processes the client knows, by process and thread id.
    pub(super) fn visible_threads(&self) -> Vec<(Tid, Tid)> {
        let of = |pid| {
            let tids = self.tracer.threads_of(pid).into_iter();
            tids.map(move |tid| (pid, tid))
        };
        let processes = self.tracer.visible_processes();
        processes.into_iter().flat_map(of).collect()
    }

    /// Lists the threads that a client in all-stop mode takes to be there: also the one that it
    /// has selected of a program whose end it will hear of when it resumes, and would else not
    /// come to resume.
    fn listed_threads(&self) -> Vec<(Tid, Tid)> {
        let mut found = self.visible_threads();
        if !self.features.non_stop {
            let ended = self.tracer.reports().ended_processes();
            found.extend(ended.map(|(pid, tid)| {
                let is_selected = pid == self.general_process;
                (pid, if is_selected { self.general } else { tid })
            }));
        }
        found
    }

    /// Lists those of them that an id means.
    pub(super) fn threads_covered_by(&self, id: ThreadId) -> Vec<(Tid, Tid)> {
        if let Id::One(tid) = id.tid {
            // Clients ask about one thread after the other: no list of all for each.
            let pid = self.tracer.process_of(tid);
            let is_meant = |pid: &Tid| self.tracer.is_visible(*pid) && id.covers(*pid, tid);
            return pid
                .filter(is_meant)
                .map(|pid| (pid, tid))
                .into_iter()
                .collect();
        }
        let mut found = self.visible_threads();
        found.retain(|(pid, tid)| id.covers(*pid, *tid));
        found
    }

    fn format_id(&self, pid: Tid, tid: Tid) -> String {
        thread_id::format(pid, tid, self.features.multiprocess)
    }

    /// `Hg`: selects the thread for registers and memory; `Hc`: those that `c` and `s` resume.
    pub(super) fn select_thread(&mut self, rest: &[u8]) -> Reply {
        let Some((kind, text)) = rest.split_first() else {
            return Reply::Unsupported;
        };
        let Some(id) = ThreadId::parse(text) else {
            return Reply::Error("malformed thread id".into());
        };
        match kind {
            b'g' => self.select_general(id),
            b'c' => self.select_resumed(id),
            _ => Reply::Ok,
        }
    }

    fn select_general(&mut self, id: ThreadId) -> Reply {
        let found = self.threads_covered_by(id);
        let keeps = found.iter().any(|(_, tid)| *tid == self.general);
        match found.first() {
            _ if keeps && !matches!(id.tid, Id::One(_)) => Reply::Ok,
            Some((_, tid)) => {
                self.select(*tid);
                Reply::Ok
            }
            None => Reply::Error(NO_SUCH_THREAD.into()),
        }
    }

    fn select_resumed(&mut self, id: ThreadId) -> Reply {
        // Clients say that they mean all of them before there are any.
        if id.names_one() && self.threads_covered_by(id).is_empty() {
            return Reply::Error(NO_SUCH_THREAD.into());
        }
        self.resumed = id;
        Reply::Ok
    }

    /// `T`: whether a thread exists.
    pub(super) fn is_thread_alive(&mut self, rest: &[u8]) -> Reply {
        let is_listed = |id: ThreadId| {
            let mut listed = self.listed_threads().into_iter();
            listed.any(|(pid, tid)| id.covers(pid, tid))
        };
        let exists = |id: ThreadId| self.tracer.any_thread(|pid, tid| id.covers(pid, tid));
        if ThreadId::parse(rest).is_some_and(|id| exists(id) || is_listed(id)) {
            Reply::Ok
        } else {
            Reply::ErrorNumber(1)
        }
    }

    /// `qC`: the selected thread, or one that represents its process.
    pub(super) fn current_thread(&mut self) -> Reply {
        let Some(pid) = self.current_process() else {
            return Reply::Unsupported;
        };
        let tid = if self.tracer.process_of(self.general).is_some() {
            Some(self.general)
        } else {
            self.tracer.representative_of(pid)
        };
        match tid {
            Some(tid) => Reply::Text(format!("QC{}", self.format_id(pid, tid))),
            None => Reply::Unsupported,
        }
    }

    /// `qfThreadInfo`: all threads in one answer.
    pub(super) fn list_threads(&mut self) -> Reply {
        let threads = self.listed_threads().into_iter();
        let ids: Vec<String> = threads.map(|(pid, tid)| self.format_id(pid, tid)).collect();
        if ids.is_empty() {
            return Reply::Text("l".into());
        }
        Reply::Text(format!("m{}", ids.join(",")))
    }

    /// `qThreadExtraInfo`: a thread's name.
    pub(super) fn describe_thread(&mut self, rest: &str) -> Reply {
        let id = ThreadId::parse(rest.as_bytes());
        let found = id.map(|id| self.threads_covered_by(id)).unwrap_or_default();
        match found.first() {
            Some((_, tid)) => Reply::Text(packet::to_hex(procfs::comm(*tid).as_bytes())),
            None => Reply::ErrorNumber(1),
        }
    }

    /// Renders the document for `qXfer:threads:read`.
    pub(super) fn threads_xml(&self) -> String {
        let mut xml = String::from("<?xml version=\"1.0\"?>\n<threads>\n");
        for (pid, tid) in self.listed_threads() {
            let id = self.format_id(pid, tid);
            let name = documents::escape_xml(&procfs::comm(tid));
            let core = procfs::core_and_start(tid).map_or(0, |(core, _)| core);
            let _ = writeln!(xml, "<thread id=\"{id}\" core=\"{core}\" name=\"{name}\"/>");
        }
        xml.push_str("</threads>\n");
        xml
    }
}
