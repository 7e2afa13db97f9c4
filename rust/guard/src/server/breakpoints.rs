//! `Z` and `z` packets.

use super::{Reply, Server};
use crate::breakpoints::debug_registers::{Watch, WatchKind};
use crate::os::memory::Memory;
use crate::os::ptrace::Tid;
use crate::server::packet;

/// Agent expressions at one trap, and their bytes in all.
const MAX_CONDITIONS: usize = 64;

struct Request {
    kind: u64,
    address: u64,
    size: u64,
    conditions: Vec<Box<[u8]>>,
}

impl Server {
    /// `Z`: wants a trap.
    pub(super) fn insert_breakpoint(&mut self, rest: &[u8]) -> Reply {
        let Some(request) = parse(rest) else {
            return Reply::Error("malformed breakpoint packet".into());
        };
        let Some(pid) = self.current_process() else {
            return Reply::Error("no program is being debugged".into());
        };
        let space = self.tracer.address_space_of(pid);
        match (request.kind, watch_kind(request.kind)) {
            (0, _) => self.insert_site(space, request).into(),
            (_, Some(kind)) => self.insert_watch(space, kind, request).into(),
            _ => Reply::Unsupported,
        }
    }

    /// `z`: no longer wants a trap; one that is not there is fine.
    pub(super) fn remove_breakpoint(&mut self, rest: &[u8]) -> Reply {
        let Some(request) = parse(rest) else {
            return Reply::Error("malformed breakpoint packet".into());
        };
        let Some(pid) = self.current_process() else {
            return Reply::Ok;
        };
        let space = self.tracer.address_space_of(pid);
        let Some(process) = self.tracer.processes.get_mut(&space) else {
            return Reply::Ok;
        };
        match watch_kind(request.kind) {
            _ if request.kind == 0 => {
                let removed = process.sites.remove(&process.memory, request.address);
                removed.map(drop).map_err(|error| error.to_string()).into()
            }
            Some(kind) => {
                process.watches.remove(kind, request.address, request.size);
                self.tracer.refresh_watches(space);
                Reply::Ok
            }
            None => Reply::Unsupported,
        }
    }

    fn insert_site(&mut self, space: Tid, request: Request) -> Result<(), String> {
        let address = request.address;
        let process = self
            .tracer
            .processes
            .get_mut(&space)
            .ok_or("the process is gone")?;
        if process.sites.find(address).is_none() {
            refuse_shared(&process.memory, address)?;
        }
        let wanted = process
            .sites
            .add(&process.memory, address, request.conditions);
        wanted.map_err(|error| format!("no trap can be written at {address:#x}: {error}"))
    }

    fn insert_watch(
        &mut self,
        space: Tid,
        kind: WatchKind,
        request: Request,
    ) -> Result<(), String> {
        let process = self
            .tracer
            .processes
            .get_mut(&space)
            .ok_or("the process is gone")?;
        let size = if kind == WatchKind::Execute {
            1
        } else {
            request.size
        };
        let (address, conditions) = (request.address, request.conditions);
        process.watches.add(Watch {
            kind,
            address,
            size,
            conditions,
        })?;
        self.tracer.refresh_watches(space);
        Ok(())
    }
}

/// A trap in a writable mapping shared with a file would end up in the file.
fn refuse_shared(memory: &Memory, address: u64) -> Result<(), String> {
    match memory
        .mapping_at(address)
        .map_err(|error| error.to_string())?
    {
        None => Err(format!("nothing is mapped at {address:#x}")),
        Some(mapping) if mapping.reaches_file => Err(format!(
            "{address:#x} lies in a file's shared mapping: a trap would change the file"
        )),
        Some(_) => Ok(()),
    }
}

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
