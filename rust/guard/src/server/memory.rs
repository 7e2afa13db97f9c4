//! The memory of the current process: `m`, `x`, `M`, `X`.

use super::{Reply, Server, packet};

/// The most bytes of one binary answer; escaping can double them.
const MAX_READ: u64 = (packet::MAX_PAYLOAD / 2 - 16) as u64;

impl Server {
    /// Reads up to `size` bytes as the program has them; `None` where there are none.
    fn read_program(&self, address: u64, size: u64) -> Option<Vec<u8>> {
        let pid = self.current_process()?;
        let mut bytes = vec![0; size.min(MAX_READ) as usize];
        let count = self.tracer.read_memory(pid, address, &mut bytes);
        bytes.truncate(count);
        (count > 0 || size == 0).then_some(bytes)
    }

    /// `m`: reads memory, answered in hexadecimal.
    pub(super) fn read_memory(&mut self, rest: &[u8]) -> Reply {
        let Some((address, size)) = parse_range(rest) else {
            return Reply::ErrorNumber(1);
        };
        match self.read_program(address, size.min(MAX_READ / 2)) {
            Some(bytes) => Reply::Text(packet::to_hex(&bytes)),
            None => Reply::ErrorNumber(14),
        }
    }

    /// `x`: reads memory, answered as bytes after a `b`.
    pub(super) fn read_memory_binary(&mut self, rest: &[u8]) -> Reply {
        let Some((address, size)) = parse_range(rest) else {
            return Reply::ErrorNumber(1);
        };
        match self.read_program(address, size) {
            Some(bytes) => {
                let mut answer = vec![b'b'];
                answer.extend(bytes);
                Reply::Binary(answer)
            }
            None => Reply::ErrorNumber(14),
        }
    }

    /// `M`: writes memory, given in hexadecimal.
    pub(super) fn write_memory(&mut self, rest: &[u8]) -> Reply {
        let parsed = parse_write(rest);
        match parsed.and_then(|(address, size, hex)| Some((address, size, packet::from_hex(hex)?)))
        {
            Some((address, size, data)) if data.len() as u64 == size => {
                self.write_program(address, &data)
            }
            _ => Reply::Error("malformed memory write".into()),
        }
    }

    /// `X`: writes memory, given as bytes.
    pub(super) fn write_memory_binary(&mut self, rest: &[u8]) -> Reply {
        match parse_write(rest) {
            Some((address, size, data)) if data.len() as u64 == size => {
                self.write_program(address, data)
            }
            _ => Reply::Error("malformed memory write".into()),
        }
    }

    fn write_program(&mut self, address: u64, data: &[u8]) -> Reply {
        let Some(pid) = self.current_process() else {
            return Reply::Error("no program is being debugged".into());
        };
        self.tracer
            .write_memory(pid, address, data)
            .map_err(|error| format!("memory at {address:#x} cannot be written: {error}"))
            .into()
    }
}

/// Splits `ADDRESS,SIZE`.
fn parse_range(text: &[u8]) -> Option<(u64, u64)> {
    let mut parts = text.splitn(2, |byte| *byte == b',');
    let address = packet::parse_hex(parts.next()?)?;
    let size = packet::parse_hex(parts.next()?)?;
    Some((address, size))
}

/// Splits `ADDRESS,SIZE:DATA`.
fn parse_write(text: &[u8]) -> Option<(u64, u64, &[u8])> {
    let colon = text.iter().position(|byte| *byte == b':')?;
    let (address, size) = parse_range(&text[..colon])?;
    Some((address, size, &text[colon + 1..]))
}
