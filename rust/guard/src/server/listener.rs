//! Listening for one client, and who may be it: the guard's own user or root, and on TCP
//! whoever has the token where there is one.
//!
//! Nobody is the client before it has spoken as one, so that neither a peer that is silent nor
//! one that speaks another protocol (a browser, say) keeps the client out.

use std::io::{self, Read};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::{AsRawFd as _, OwnedFd, RawFd};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::peer;
use super::token::Token;
use super::transport::Transport;
use crate::os::signal_queue::SignalQueue;

/// The time a peer may take to speak.
const PATIENCE: Duration = Duration::from_secs(10);
/// The most peers that are listened to at a time; of more, those that came first have to go.
const MOST_PEERS: usize = 64;
/// The most connections that are taken before all peers are judged.
const MOST_AT_ONCE: usize = 16;
/// What a client of the remote protocol may begin with.
const BEGINNINGS: [u8; 4] = [b'+', b'-', b'$', 0x03];

/// An address where one peer is waited for.
#[derive(Debug)]
pub enum Listener {
    /// A unix socket; the file goes away with this.
    Unix(UnixListener, PathBuf),
    /// TCP, with the token a peer must send as its first line, if any.
    Tcp(TcpListener, Option<Token>),
}

/// A connection that has not shown yet what it is.
struct Peer {
    stream: Stream,
    deadline: Instant,
    /// The part of the token's line that has arrived.
    line: Vec<u8>,
    has_token: bool,
}

/// A connection of somebody who may debug.
pub(super) enum Stream {
    Unix(UnixStream),
    Tcp(TcpStream),
}

/// What is known of a peer now.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Undecided,
    Client,
    Refused,
}

impl Listener {
    /// Listens at `unix:PATH` or `IP:PORT`.
    ///
    /// # Errors
    /// The address is malformed or taken, or is reachable from elsewhere and no token
    /// protects it.
    pub fn bind(address: &str, token: Option<Token>) -> io::Result<Self> {
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
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        Ok(Self::Tcp(listener, token))
    }

    /// Listens at a unix socket that only the guard's user can reach.
    pub(super) fn bind_unix(path: &Path) -> io::Result<Self> {
        let listener = UnixListener::bind(path)?;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
        listener.set_nonblocking(true)?;
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

    /// Waits for one peer that may debug and speaks the remote protocol.
    ///
    /// Returns `None` when a signal asks the guard to end.
    ///
    /// # Errors
    /// Waiting failed; peers that are refused are closed and waiting goes on.
    pub fn accept(&self, signals: &SignalQueue) -> io::Result<Option<Transport>> {
        let mut peers: Vec<Peer> = Vec::new();
        loop {
            wait(self.poll_fd(), signals, &peers)?;
            if signals.drain()? {
                return Ok(None);
            }
            // Few at a time: somebody may connect faster than peers can be judged.
            for _ in 0..MOST_AT_ONCE {
                let Some(stream) = self.next_stream()? else {
                    break;
                };
                if peers.len() == MOST_PEERS {
                    peers.remove(0);
                }
                peers.push(Peer::new(stream));
            }
            let verdicts: Vec<Verdict> = peers.iter_mut().map(|peer| self.judge(peer)).collect();
            if let Some(index) = verdicts.iter().position(|&v| v == Verdict::Client) {
                return peers.swap_remove(index).stream.into_transport().map(Some);
            }
            let mut verdicts = verdicts.into_iter();
            peers.retain(|_| verdicts.next() != Some(Verdict::Refused));
        }
    }

    /// Judges a peer by what it has said, and one that speaks as a client by who it is: to find
    /// that out takes a long table, which a flood of peers that say nothing must not cost.
    fn judge(&self, peer: &mut Peer) -> Verdict {
        match peer.judge(self.token()) {
            Verdict::Client if !self.admits(&peer.stream) => Verdict::Refused,
            verdict => verdict,
        }
    }

    /// What is readable when somebody connects.
    pub(super) fn poll_fd(&self) -> RawFd {
        match self {
            Self::Unix(listener, _) => listener.as_raw_fd(),
            Self::Tcp(listener, _) => listener.as_raw_fd(),
        }
    }

    fn token(&self) -> Option<&Token> {
        match self {
            Self::Unix(..) => None,
            Self::Tcp(_, token) => token.as_ref(),
        }
    }

    /// Takes the next connection, if one is waiting.
    pub(super) fn next_stream(&self) -> io::Result<Option<Stream>> {
        loop {
            let accepted = match self {
                Self::Unix(listener, _) => listener.accept().map(|(s, _)| Stream::Unix(s)),
                Self::Tcp(listener, _) => listener.accept().map(|(s, _)| Stream::Tcp(s)),
            };
            match accepted {
                Ok(stream) => return stream.set_nonblocking().map(|()| Some(stream)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
                // It has gone while it was waiting (accept(2)).
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Whether a peer may debug: with a token anybody, as that is what decides.
    pub(super) fn admits(&self, stream: &Stream) -> bool {
        let user = match stream {
            Stream::Tcp(_) if self.token().is_some() => return true,
            Stream::Tcp(stream) => peer::user_of_tcp(stream),
            Stream::Unix(stream) => peer::user_of_unix(stream),
        };
        if user.is_some_and(peer::is_allowed) {
            return true;
        }
        let who = user.map_or("somebody unknown".to_owned(), |uid| format!("user {uid}"));
        log::warn!("refused a connection of {who}");
        false
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

impl Peer {
    fn new(stream: Stream) -> Self {
        Self {
            stream,
            deadline: Instant::now() + PATIENCE,
            line: Vec::new(),
            has_token: false,
        }
    }

    /// Reads what has arrived of the token; looks at, and leaves, the first byte after it.
    fn judge(&mut self, token: Option<&Token>) -> Verdict {
        match self.hear(token) {
            Ok(verdict) => verdict,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                if self.deadline <= Instant::now() {
                    Verdict::Refused
                } else {
                    Verdict::Undecided
                }
            }
            Err(_) => Verdict::Refused,
        }
    }

    fn hear(&mut self, token: Option<&Token>) -> io::Result<Verdict> {
        if let Some(token) = token.filter(|_| !self.has_token) {
            loop {
                match self.stream.read_byte()? {
                    Some(b'\n') => break,
                    Some(byte) if self.line.len() < token.size() => self.line.push(byte),
                    _ => return Ok(Verdict::Refused),
                }
            }
            if !token.matches(&self.line) {
                return Ok(Verdict::Refused);
            }
            self.has_token = true;
        }
        Ok(match self.stream.peek_byte()? {
            Some(byte) if BEGINNINGS.contains(&byte) => Verdict::Client,
            _ => Verdict::Refused,
        })
    }
}

impl Stream {
    fn set_nonblocking(&self) -> io::Result<()> {
        match self {
            Self::Unix(stream) => stream.set_nonblocking(true),
            Self::Tcp(stream) => stream.set_nonblocking(true),
        }
    }

    fn fd(&self) -> RawFd {
        match self {
            Self::Unix(stream) => stream.as_raw_fd(),
            Self::Tcp(stream) => stream.as_raw_fd(),
        }
    }

    /// Reads a byte; `None` at the end.
    fn read_byte(&mut self) -> io::Result<Option<u8>> {
        let mut byte = [0];
        let count = match self {
            Self::Unix(stream) => stream.read(&mut byte),
            Self::Tcp(stream) => stream.read(&mut byte),
        }?;
        Ok((count == 1).then_some(byte[0]))
    }

    /// Looks at the next byte; `None` at the end.
    fn peek_byte(&self) -> io::Result<Option<u8>> {
        let mut byte = [0];
        let flags = nix::sys::socket::MsgFlags::MSG_PEEK;
        let count = nix::sys::socket::recv(self.fd(), &mut byte, flags)?;
        Ok((count == 1).then_some(byte[0]))
    }

    /// What serves this peer.
    pub(super) fn into_transport(self) -> io::Result<Transport> {
        match self {
            Self::Unix(stream) => Transport::over_socket(OwnedFd::from(stream), true),
            Self::Tcp(stream) => {
                stream.set_nodelay(true)?;
                Transport::over_socket(OwnedFd::from(stream), false)
            }
        }
    }
}

/// Waits for a connection, a signal, or something of a peer, at most until a peer's time is up.
fn wait(listener: RawFd, signals: &SignalQueue, peers: &[Peer]) -> io::Result<()> {
    let fds = [listener, signals.poll_fd()].into_iter();
    let mut entries: Vec<libc::pollfd> = fds
        .chain(peers.iter().map(|peer| peer.stream.fd()))
        .map(|fd| libc::pollfd {
            fd,
            events: libc::POLLIN,
            revents: 0,
        })
        .collect();
    let first = peers.iter().map(|peer| peer.deadline).min();
    let timeout = first.map_or(-1, |deadline| {
        let left = deadline.saturating_duration_since(Instant::now());
        i32::try_from(left.as_millis() + 1).unwrap_or(i32::MAX)
    });
    // SAFETY: the array is as long as stated.
    let count = unsafe { libc::poll(entries.as_mut_ptr(), entries.len() as u64, timeout) };
    let error = io::Error::last_os_error();
    if count == -1 && error.kind() != io::ErrorKind::Interrupted {
        return Err(error);
    }
    Ok(())
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
}
