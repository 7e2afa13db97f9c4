//! Listening for one client, and who may be it: the user on a unix socket, whoever has the
//! token on TCP.

use std::io::{self, Read};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::transport::Transport;

/// The time a TCP client may take for its token.
const TOKEN_TIMEOUT: Duration = Duration::from_secs(10);

/// An address where one peer is waited for.
#[derive(Debug)]
pub enum Listener {
    /// A unix socket; the file goes away with this.
    Unix(UnixListener, PathBuf),
    /// TCP, with the token a peer must send as its first line, if any.
    Tcp(TcpListener, Option<String>),
}

impl Listener {
    /// Listens at `unix:PATH` or `HOST:PORT`.
    ///
    /// # Errors
    /// The address is malformed or taken, or is reachable from elsewhere and no token
    /// protects it.
    pub fn bind(address: &str, token: Option<String>) -> io::Result<Self> {
        if let Some(path) = address.strip_prefix("unix:") {
            return Self::bind_unix(Path::new(path));
        }
        let address: SocketAddr = address.parse().map_err(|_| {
            invalid(format!(
                "{address:?} is neither unix:PATH nor IP:PORT (such as 127.0.0.1:0)"
            ))
        })?;
        if !address.ip().is_loopback() && token.is_none() {
            return Err(invalid(format!(
                "{} can be reached from other machines; give --token-file, \
                 or listen on 127.0.0.1 and use ssh -L",
                address.ip()
            )));
        }
        Ok(Self::Tcp(TcpListener::bind(address)?, token))
    }

    fn bind_unix(path: &Path) -> io::Result<Self> {
        let listener = UnixListener::bind(path)?;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
        Ok(Self::Unix(listener, path.to_owned()))
    }

    /// Renders where peers can connect, for people and tests.
    #[must_use]
    pub fn describe(&self) -> String {
        match self {
            Self::Unix(_, path) => format!("unix:{}", path.display()),
            Self::Tcp(listener, _) => listener
                .local_addr()
                .map_or_else(|error| error.to_string(), |a| a.to_string()),
        }
    }

    /// Waits for one peer that may debug: the same user or root, or one that has the token.
    ///
    /// # Errors
    /// Accepting failed; peers that are refused are closed and waiting goes on.
    pub fn accept(&self) -> io::Result<Transport> {
        loop {
            match self {
                Self::Unix(listener, _) => {
                    let (stream, _) = listener.accept()?;
                    if peer_is_allowed(&stream) {
                        return Transport::over_socket(stream.into(), true);
                    }
                }
                Self::Tcp(listener, token) => {
                    let (stream, _) = listener.accept()?;
                    stream.set_nodelay(true)?;
                    if check_token(&stream, token.as_deref()) {
                        return Transport::over_socket(stream.into(), false);
                    }
                }
            }
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Self::Unix(_, path) = self {
            // Somebody may have removed it already, which is what is wanted.
            let _ = std::fs::remove_file(path);
        }
    }
}

/// Whether a peer on a unix socket may debug: the same user or root.
pub(super) fn peer_is_allowed(stream: &UnixStream) -> bool {
    let Ok(peer) = nix::sys::socket::getsockopt(stream, nix::sys::socket::sockopt::PeerCredentials)
    else {
        return false;
    };
    peer.uid() == 0 || peer.uid() == nix::unistd::geteuid().as_raw()
}

/// Reads one line and compare it with the token in constant time.
fn check_token(stream: &TcpStream, token: Option<&str>) -> bool {
    let Some(token) = token else { return true };
    let deadline = Instant::now() + TOKEN_TIMEOUT;
    let mut line = Vec::with_capacity(token.len() + 1);
    let mut reader = stream;
    while line.len() <= token.len() {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() || stream.set_read_timeout(Some(left)).is_err() {
            return false;
        }
        let mut byte = [0u8];
        match reader.read(&mut byte) {
            Ok(1) if byte[0] == b'\n' => break,
            Ok(1) => line.push(byte[0]),
            _ => return false,
        }
    }
    let same = line
        .iter()
        .zip(token.as_bytes())
        .fold(0u8, |sum, (a, b)| sum | (a ^ b));
    line.len() == token.len() && same == 0
}

fn invalid(text: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reachable_address_needs_a_token() {
        let error = Listener::bind("0.0.0.0:0", None).unwrap_err();
        assert!(error.to_string().contains("token"), "{error}");
        assert!(Listener::bind("localhost", None).is_err());
    }

    #[test]
    fn the_token_is_checked() {
        let listener = Listener::bind("127.0.0.1:0", Some("secret".into())).unwrap();
        let address = listener.describe();
        let client = std::thread::spawn(move || {
            use std::io::Write;
            let mut wrong = TcpStream::connect(&address).unwrap();
            wrong.write_all(b"sesame\n").unwrap();
            let mut right = TcpStream::connect(&address).unwrap();
            right.write_all(b"secret\n").unwrap();
            right
        });
        listener.accept().unwrap();
        client.join().unwrap();
    }
}
