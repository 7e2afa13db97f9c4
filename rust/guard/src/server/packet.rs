//! Framing of the GDB remote protocol: `$payload#xx`, `%notification#xx`, acknowledgements.
//!
//! See "Remote Protocol / Overview" in the GDB manual.  The decoder is strict: whatever is
//! not a packet ends the connection, because a guard that resynchronises on garbage can be
//! driven by anything that speaks to a socket.

use std::fmt;

/// Largest payload sent, in bytes before escaping, and twice what is announced as accepted.
pub const MAX_PAYLOAD: usize = 0x1_0000;
/// Largest packet accepted, in bytes as they are received.  A `vRun` has all arguments of a
/// program in hexadecimal, of which Linux takes up to 6 MiB (execve(2)).
pub const MAX_RECEIVED: usize = 16 << 20;

/// One thing found on the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Incoming {
    /// A packet with its payload unescaped.
    Packet(Vec<u8>),
    /// `+`: the peer has our last packet.
    Ack,
    /// `-`: the peer wants our last packet again.
    Nack,
    /// The single byte 0x03: stop the program (all-stop mode).
    Interrupt,
}

/// The reason why a byte stream is not the remote protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FramingError {
    /// A byte outside of any packet that means nothing.
    Stray(u8),
    /// It is larger than [`MAX_RECEIVED`].
    TooLarge,
    /// The two digits after `#` are not the payload's sum.
    Checksum,
}

impl fmt::Display for FramingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stray(byte) => write!(f, "unexpected byte {byte:#04x} between packets"),
            Self::TooLarge => write!(f, "packet larger than {MAX_RECEIVED:#x} bytes"),
            Self::Checksum => write!(f, "wrong checksum"),
        }
    }
}

impl std::error::Error for FramingError {}

/// Turns bytes, in pieces of any size, into [`Incoming`]s.
#[derive(Debug, Default)]
pub struct Decoder {
    buffer: Vec<u8>,
    start: usize,
    /// How far behind `start` there is known to be no `#`: what arrives in many pieces is
    /// searched once.
    searched: usize,
}

impl Decoder {
    /// Adds bytes as they were read.
    pub fn feed(&mut self, bytes: &[u8]) {
        if self.start > 0 && self.start == self.buffer.len() {
            self.buffer.clear();
            self.buffer.shrink_to(4 * MAX_PAYLOAD);
            self.start = 0;
        } else if self.start > MAX_PAYLOAD {
            self.buffer.drain(..self.start);
            self.start = 0;
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// Returns the next complete thing, `None` while more bytes are needed.
    pub fn next(&mut self) -> Option<Result<Incoming, FramingError>> {
        let rest = &self.buffer[self.start..];
        let (&first, body) = rest.split_first()?;
        let single = match first {
            b'+' => Some(Incoming::Ack),
            b'-' => Some(Incoming::Nack),
            0x03 => Some(Incoming::Interrupt),
            b'$' => None,
            other => return Some(Err(FramingError::Stray(other))),
        };
        if let Some(incoming) = single {
            self.start += 1;
            return Some(Ok(incoming));
        }
        let found = body[self.searched..].iter().position(|&b| b == b'#');
        let Some(end) = found.map(|offset| self.searched + offset) else {
            self.searched = body.len();
            return (body.len() > MAX_RECEIVED).then_some(Err(FramingError::TooLarge));
        };
        if end > MAX_RECEIVED {
            return Some(Err(FramingError::TooLarge));
        }
        if body.len() < end + 3 {
            self.searched = end;
            return None;
        }
        self.searched = 0;
        let (raw, tail) = (&body[..end], &body[end + 1..]);
        let decoded = decode(raw, [tail[0], tail[1]]);
        self.start += 1 + end + 3;
        Some(decoded)
    }
}

fn decode(raw: &[u8], digits: [u8; 2]) -> Result<Incoming, FramingError> {
    let sum = raw.iter().fold(0u8, |sum, &b| sum.wrapping_add(b));
    let stated = hex_digit(digits[0])
        .zip(hex_digit(digits[1]))
        .map(|(high, low)| high << 4 | low);
    if stated != Some(sum) {
        return Err(FramingError::Checksum);
    }
    Ok(Incoming::Packet(unescape(raw)))
}

/// Undoes the `}`-escaping of binary data.
#[must_use]
pub fn unescape(raw: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(raw.len());
    let mut bytes = raw.iter();
    while let Some(&byte) = bytes.next() {
        if byte == b'}' {
            // A lone escape at the end has nothing to escape and is dropped.
            if let Some(&escaped) = bytes.next() {
                out.push(escaped ^ 0x20);
            }
        } else {
            out.push(byte);
        }
    }
    out
}

/// Appends `data` with the four bytes that cannot travel plainly escaped.
pub fn escape(out: &mut Vec<u8>, data: &[u8]) {
    for &byte in data {
        if matches!(byte, b'#' | b'$' | b'}' | b'*') {
            out.extend_from_slice(&[b'}', byte ^ 0x20]);
        } else {
            out.push(byte);
        }
    }
}

/// Appends one packet whose payload is already escaped where it needs to be.
pub fn encode(out: &mut Vec<u8>, payload: &[u8]) {
    frame(out, b'$', payload);
}

/// Appends one notification (`%...`), which is never acknowledged.
pub fn encode_notification(out: &mut Vec<u8>, payload: &[u8]) {
    frame(out, b'%', payload);
}

fn frame(out: &mut Vec<u8>, lead: u8, payload: &[u8]) {
    let sum = payload.iter().fold(0u8, |sum, &b| sum.wrapping_add(b));
    out.reserve(payload.len() + 4);
    out.push(lead);
    out.extend_from_slice(payload);
    out.push(b'#');
    push_hex(out, &[sum]);
}

/// Returns the value of one hexadecimal digit.
#[must_use]
pub fn hex_digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

/// Appends bytes as lower-case hexadecimal pairs.
pub fn push_hex(out: &mut Vec<u8>, bytes: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for &byte in bytes {
        out.push(DIGITS[usize::from(byte >> 4)]);
        out.push(DIGITS[usize::from(byte & 15)]);
    }
}

/// Renders bytes as a string of lower-case hexadecimal pairs.
#[must_use]
pub fn to_hex(bytes: &[u8]) -> String {
    let mut out = Vec::with_capacity(bytes.len() * 2);
    push_hex(&mut out, bytes);
    String::from_utf8(out).unwrap_or_default()
}

/// Reads hexadecimal pairs; `None` for anything else.
#[must_use]
pub fn from_hex(text: &[u8]) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) {
        return None;
    }
    text.chunks_exact(2)
        .map(|pair| Some(hex_digit(pair[0])? << 4 | hex_digit(pair[1])?))
        .collect()
}

/// Reads a big-endian hexadecimal number of at most 64 bits; `None` for anything else.
#[must_use]
pub fn parse_hex(text: &[u8]) -> Option<u64> {
    if text.is_empty() || text.len() > 16 {
        return None;
    }
    text.iter().try_fold(0u64, |value, &digit| {
        Some(value << 4 | u64::from(hex_digit(digit)?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packets(bytes: &[u8], piece: usize) -> Vec<Result<Incoming, FramingError>> {
        let mut decoder = Decoder::default();
        let mut found = Vec::new();
        for part in bytes.chunks(piece) {
            decoder.feed(part);
            while let Some(incoming) = decoder.next() {
                let failed = incoming.is_err();
                found.push(incoming);
                if failed {
                    return found;
                }
            }
        }
        found
    }

    #[test]
    fn packets_survive_any_cutting() {
        let mut wire = b"+".to_vec();
        let mut payload = b"X1000,4:".to_vec();
        escape(&mut payload, &[b'#', b'$', b'}', b'*', 0x03]);
        encode(&mut wire, &payload);
        wire.push(0x03);
        let whole = packets(&wire, wire.len());
        assert_eq!(
            whole,
            vec![
                Ok(Incoming::Ack),
                Ok(Incoming::Packet(b"X1000,4:#$}*\x03".to_vec())),
                Ok(Incoming::Interrupt),
            ]
        );
        for piece in 1..wire.len() {
            assert_eq!(packets(&wire, piece), whole);
        }
    }

    #[test]
    fn garbage_is_refused() {
        assert_eq!(
            packets(b"GET / HTTP/1.1", 100),
            vec![Err(FramingError::Stray(b'G'))]
        );
        assert_eq!(packets(b"$g#68", 100), vec![Err(FramingError::Checksum)]);
        let huge = vec![b'$'; MAX_RECEIVED + 3];
        assert_eq!(packets(&huge, 1 << 16), vec![Err(FramingError::TooLarge)]);
    }

    #[test]
    fn a_long_packet_leaves_no_memory_behind() {
        let mut wire = Vec::new();
        encode(&mut wire, &vec![b'6'; 4 << 20]);
        let mut decoder = Decoder::default();
        for part in wire.chunks(1 << 16) {
            assert_eq!(decoder.next(), None);
            decoder.feed(part);
        }
        let Some(Ok(Incoming::Packet(payload))) = decoder.next() else {
            panic!("no packet");
        };
        assert_eq!(payload.len(), 4 << 20);
        decoder.feed(b"+");
        assert_eq!(decoder.next(), Some(Ok(Incoming::Ack)));
        assert!(decoder.buffer.capacity() <= 4 * MAX_PAYLOAD);
    }

    #[test]
    fn numbers() {
        assert_eq!(parse_hex(b"7fffFFFF"), Some(0x7fff_ffff));
        assert_eq!(parse_hex(b""), None);
        assert_eq!(parse_hex(b"12345678123456789"), None);
        assert_eq!(from_hex(b"0aff"), Some(vec![10, 255]));
        assert_eq!(from_hex(b"0"), None);
        assert_eq!(to_hex(&[0, 0xab]), "00ab");
    }
}
