//! Thread ids of the remote protocol: `TID`, `pPID.TID`, with -1 for all and 0 for any.

use super::packet;
use crate::os::ptrace::Tid;

/// One number of a thread id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Id {
    /// Every one (`-1`).
    All,
    /// Whichever (`0`).
    Any,
    /// This one.
    One(Tid),
}

/// The threads that a packet is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThreadId {
    /// Process; `All` when the packet names none.
    pub pid: Id,
    /// Thread.
    pub tid: Id,
}

impl ThreadId {
    /// Every thread of every process.
    pub const ALL: Self = Self {
        pid: Id::All,
        tid: Id::All,
    };

    /// Parses a thread id.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let Some(rest) = text.strip_prefix(b"p") else {
            return Some(Self {
                pid: Id::All,
                tid: parse_number(text)?,
            });
        };
        let mut parts = rest.splitn(2, |byte| *byte == b'.');
        let pid = parse_number(parts.next()?)?;
        let tid = parts.next().map_or(Some(Id::All), parse_number)?;
        Some(Self { pid, tid })
    }

    /// Whether a process or a thread is named, and not all or any of them.
    pub fn names_one(&self) -> bool {
        matches!(self.pid, Id::One(_)) || matches!(self.tid, Id::One(_))
    }

    /// Whether a thread is meant; `Any` means every one here.
    pub fn covers(&self, pid: Tid, tid: Tid) -> bool {
        let covers = |id: Id, number: Tid| match id {
            Id::All | Id::Any => true,
            Id::One(one) => one == number,
        };
        covers(self.pid, pid) && covers(self.tid, tid)
    }
}

fn parse_number(text: &[u8]) -> Option<Id> {
    match text {
        b"-1" => Some(Id::All),
        b"0" => Some(Id::Any),
        _ => Some(Id::One(Tid::try_from(packet::parse_hex(text)?).ok()?)),
    }
}

/// Renders a thread id as the client wants it.
pub fn format(pid: Tid, tid: Tid, multiprocess: bool) -> String {
    if multiprocess {
        format!("p{pid:x}.{tid:x}")
    } else {
        format!("{tid:x}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_parsed_with_and_without_process() {
        let id = |text: &str| ThreadId::parse(text.as_bytes());
        assert_eq!(
            id("1f"),
            Some(ThreadId {
                pid: Id::All,
                tid: Id::One(31)
            })
        );
        assert_eq!(
            id("p2.-1"),
            Some(ThreadId {
                pid: Id::One(2),
                tid: Id::All
            })
        );
        assert_eq!(
            id("p2"),
            Some(ThreadId {
                pid: Id::One(2),
                tid: Id::All
            })
        );
        assert_eq!(
            id("p0.0"),
            Some(ThreadId {
                pid: Id::Any,
                tid: Id::Any
            })
        );
        assert_eq!(id("-1"), Some(ThreadId::ALL));
        assert_eq!(id("px.1"), None);
        assert_eq!(id(""), None);
    }

    #[test]
    fn a_process_covers_its_threads_only() {
        let id = ThreadId {
            pid: Id::One(7),
            tid: Id::All,
        };
        assert!(id.covers(7, 9));
        assert!(!id.covers(8, 9));
    }
}
