//! Traps: `Z` and `z` packets.

use super::{Reply, Server, packet};
use crate::breakpoints::debug_registers::{Watch, WatchKind};
use crate::os::ptrace::Tid;

/// The most agent expressions at one trap.
const MAX_CONDITIONS: usize = 64;

/// Type 0 of the packets; the others are [`watch_kind`]'s.
const SOFTWARE_BREAKPOINT: u64 = 0;

/// A packet, parsed.
struct Request {
    /// The packet's type, 0 to 4.
    kind: u64,
    address: u64,
    /// Bytes, for watchpoints.
    size: u64,
    conditions: Vec<Box<[u8]>>,
}

impl Server {
    /// `Z`: adds a trap, or gives an existing one new conditions.
    pub(super) fn insert_breakpoint(&mut self, rest: &[u8]) -> Reply {
        let Some(request) = parse(rest) else {
            return Reply::Error("malformed breakpoint packet".into());
        };
        let Some(pid) = self.current_process() else {
            if self.has_untold_stop() {
                // The resume that follows tells that the program has ended; a refusal would
                // be told in its place.
                return Reply::Ok;
            }
            return Reply::Error("no program is being debugged".into());
        };
        match watch_kind(request.kind) {
            _ if request.kind == SOFTWARE_BREAKPOINT => self
                .tracer
                .add_site(pid, request.address, request.conditions)
                .into(),
            Some(kind) => self.insert_watch(pid, kind, request).into(),
            None => Reply::Unsupported,
        }
    }

    fn insert_watch(&mut self, pid: Tid, kind: WatchKind, request: Request) -> Result<(), String> {
        let watch = Watch {
            kind,
            address: request.address,
            size: request.size,
            conditions: request.conditions,
        };
        self.tracer.add_watch(pid, watch)
    }

    /// `z`: removes a trap; one that is not there is fine.
    pub(super) fn remove_breakpoint(&mut self, rest: &[u8]) -> Reply {
        let Some(request) = parse(rest) else {
            return Reply::Error("malformed breakpoint packet".into());
        };
        let Some(pid) = self.current_process() else {
            return Reply::Ok;
        };
        match watch_kind(request.kind) {
            _ if request.kind == SOFTWARE_BREAKPOINT => {
                let removed = self.tracer.remove_site(pid, request.address);
                removed.map_err(|error| error.to_string()).into()
            }
            Some(kind) => {
                self.tracer
                    .remove_watch(pid, kind, request.address, request.size);
                Reply::Ok
            }
            None => Reply::Unsupported,
        }
    }
}

/// Returns what a debug register is to trap for a packet of this type.
fn watch_kind(kind: u64) -> Option<WatchKind> {
    match kind {
        1 => Some(WatchKind::Execute),
        2 => Some(WatchKind::Write),
        3 => Some(WatchKind::Read),
        4 => Some(WatchKind::Access),
        _ => None,
    }
}

/// Parses `TYPE,ADDRESS,KIND[;X LENGTH,BYTES]...`.
fn parse(text: &[u8]) -> Option<Request> {
    let mut sections = text.split(|byte| *byte == b';');
    let mut numbers = sections
        .next()?
        .split(|byte| *byte == b',')
        .map(packet::parse_hex);
    let kind = numbers.next()??;
    let address = numbers.next()??;
    let size = numbers.next()??;
    let mut conditions = Vec::new();
    for section in sections {
        // Several expressions may follow one semicolon: X10,..X8,..
        let mut rest = section;
        while let Some(after) = rest.strip_prefix(b"X") {
            let comma = after.iter().position(|byte| *byte == b',')?;
            let length = usize::try_from(packet::parse_hex(&after[..comma])?).ok()?;
            let end = (comma + 1).checked_add(length.checked_mul(2)?)?;
            let code = packet::from_hex(after.get(comma + 1..end)?)?;
            conditions.push(code.into_boxed_slice());
            rest = &after[end..];
        }
        if conditions.len() > MAX_CONDITIONS {
            return None;
        }
    }
    Some(Request {
        kind,
        address,
        size,
        conditions,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_follow_each_other_with_and_without_semicolons() {
        let request = parse(b"0,401000,1;X3,220027X2,2227;X1,27").expect("well formed");
        assert_eq!(
            (request.kind, request.address, request.size),
            (0, 0x40_1000, 1)
        );
        let lengths: Vec<usize> = request.conditions.iter().map(|code| code.len()).collect();
        assert_eq!(lengths, [3, 2, 1]);
    }

    #[test]
    fn a_condition_longer_than_the_packet_is_refused() {
        assert!(parse(b"0,401000,1;X5,2200").is_none());
        assert!(parse(b"0,401000").is_none());
    }
}
