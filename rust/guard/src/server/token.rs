//! The secret that a TCP client must know, from a file that only its owner can touch.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use super::peer;

/// The fewest bytes of a token: 64 bits in hexadecimal digits.
const SHORTEST: usize = 16;
/// The most bytes of a token.
const LONGEST: u64 = 4096;

/// A secret of at least 16 bytes, on one line.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(Vec<u8>);

impl std::fmt::Debug for Token {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Token(..)")
    }
}

impl Token {
    /// Reads the token of a file.
    ///
    /// # Errors
    /// The file cannot be read, others than its owner may touch it, it is somebody else's, or
    /// what it holds is short or no single line.
    pub fn read(path: &Path) -> io::Result<Self> {
        let refuse = |reason: &str| {
            let text = format!("{} {reason}", path.display());
            io::Error::new(io::ErrorKind::InvalidInput, text)
        };
        // A FIFO without a writer would be waited for.
        let mut file = File::options()
            .read(true)
            .custom_flags(libc::O_NONBLOCK)
            .open(path)
            .map_err(|error| refuse(&format!("cannot be read: {error}")))?;
        // What is asked is the file that is open, not what its name may mean a moment later.
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(refuse("is not a regular file"));
        }
        if metadata.mode() & 0o077 != 0 {
            return Err(refuse("can be opened by other users; chmod 600 it"));
        }
        if !peer::is_allowed(metadata.uid()) {
            return Err(refuse("belongs to another user"));
        }
        let mut bytes = Vec::new();
        file.by_ref().take(LONGEST + 1).read_to_end(&mut bytes)?;
        Self::parse(&bytes).map_err(refuse)
    }

    fn parse(bytes: &[u8]) -> Result<Self, &'static str> {
        let token = bytes.trim_ascii();
        if token.is_empty() {
            return Err("holds no token");
        }
        if token.len() < SHORTEST {
            return Err("holds a token that can be guessed; take 16 random characters or more");
        }
        if bytes.len() as u64 > LONGEST {
            return Err("holds more than 4096 bytes");
        }
        if token.iter().any(u8::is_ascii_control) {
            return Err("holds more than one line");
        }
        Ok(Self(token.to_vec()))
    }

    /// Returns the size in bytes, without a line end.
    pub fn size(&self) -> usize {
        self.0.len()
    }

    /// Compares a line with the token in time that does not tell where they differ.
    pub fn matches(&self, line: &[u8]) -> bool {
        let differences = line
            .iter()
            .zip(&self.0)
            .fold(0u8, |sum, (a, b)| sum | (a ^ b));
        line.len() == self.0.len() && differences == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_one_line_that_is_not_short() {
        let token = Token::parse(b"0123456789abcdef\n").unwrap();
        assert!(token.matches(b"0123456789abcdef"));
        assert!(!token.matches(b"0123456789abcdeF"));
        assert!(!token.matches(b"0123456789abcde"));
        assert!(!token.matches(b"0123456789abcdef0"));
        for wrong in [&b""[..], b"\n \n", b"secret\n", b"0123456789abcdef\nx\n"] {
            assert!(Token::parse(wrong).is_err(), "{wrong:?}");
        }
        assert!(Token::parse(&[b'x'; 5000]).is_err());
    }

    #[test]
    fn devices_are_no_token_files() {
        let error = Token::read(Path::new("/dev/zero")).unwrap_err();
        assert!(error.to_string().contains("regular"), "{error}");
    }
}
