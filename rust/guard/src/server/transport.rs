//! The connection to the client: an inherited socket, stdio, or one that was listened for.
//!
//! Descriptors travel beside the bytes on unix sockets only (`SCM_RIGHTS`, unix(7)).

use std::collections::VecDeque;
use std::io::{self, IoSlice, IoSliceMut};
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

use nix::cmsg_space;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{ControlMessage, ControlMessageOwned, MsgFlags, recvmsg, sendmsg};

/// The most descriptors received at once.
const MAX_FDS: usize = 8;
/// The time after which a client that does not read counts as gone.
const WRITE_TIMEOUT_MS: u16 = 30_000;

/// An open connection with one peer.
#[derive(Debug)]
pub struct Transport {
    input: OwnedFd,
    output: OwnedFd,
    is_socket: bool,
    is_unix: bool,
    received: VecDeque<OwnedFd>,
}

impl Transport {
    /// Takes over an inherited unix socket.
    ///
    /// # Errors
    /// The descriptor is not open.
    ///
    /// # Safety
    /// `fd` must belong to nobody else in this process.
    pub unsafe fn from_inherited(fd: RawFd) -> io::Result<Self> {
        // SAFETY: only borrowed for the check; the caller vouches for ownership below.
        nix::fcntl::fcntl(unsafe { BorrowedFd::borrow_raw(fd) }, nix::fcntl::F_GETFD)?;
        // SAFETY: the caller promises that this is the only owner.
        Self::over_socket(unsafe { OwnedFd::from_raw_fd(fd) }, true)
    }

    /// Speaks over standard input and output.
    ///
    /// Both are moved to other descriptors first, and 0 and 1 become `/dev/null`, so that
    /// nothing else can write into the protocol and no child inherits it.
    pub fn stdio() -> io::Result<Self> {
        let input = dup_cloexec(0)?;
        let output = dup_cloexec(1)?;
        let null = std::fs::OpenOptions::new()
            .read(true)
            .write(true)
            .open("/dev/null")?;
        for fd in [0, 1] {
            // SAFETY: dup2 onto the standard descriptors, which std treats as always open.
            if unsafe { libc::dup2(null.as_raw_fd(), fd) } < 0 {
                return Err(io::Error::last_os_error());
            }
        }
        set_nonblocking(&input)?;
        Ok(Self {
            input,
            output,
            is_socket: false,
            is_unix: false,
            received: VecDeque::new(),
        })
    }

    pub(super) fn over_socket(socket: OwnedFd, is_unix: bool) -> io::Result<Self> {
        set_nonblocking(&socket)?;
        let output = socket.try_clone()?;
        Ok(Self {
            input: socket,
            output,
            is_socket: true,
            is_unix,
            received: VecDeque::new(),
        })
    }

    /// Returns the descriptor to poll for input.
    #[must_use]
    pub fn poll_fd(&self) -> RawFd {
        self.input.as_raw_fd()
    }

    /// Whether descriptors can be sent beside bytes.
    #[must_use]
    pub fn can_pass_descriptors(&self) -> bool {
        self.is_unix
    }

    /// Reads what is there.
    ///
    /// # Returns
    /// `None` when nothing is there now, `Some(0)` at the end of the connection.
    ///
    /// # Errors
    /// The connection broke.
    pub fn read(&mut self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        let result = if self.is_unix {
            self.read_message(buffer)
        } else {
            self.read_plain(buffer)
        };
        match result {
            Ok(count) => Ok(Some(count)),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(None),
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => Ok(Some(0)),
            Err(error) => Err(error),
        }
    }

    fn read_plain(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        nix::unistd::read(&self.input, buffer).map_err(io::Error::from)
    }

    fn read_message(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut space = cmsg_space!([RawFd; MAX_FDS]);
        let mut parts = [IoSliceMut::new(buffer)];
        let message = recvmsg::<()>(
            self.input.as_raw_fd(),
            &mut parts,
            Some(&mut space),
            MsgFlags::MSG_CMSG_CLOEXEC,
        )?;
        for control in message.cmsgs()? {
            if let ControlMessageOwned::ScmRights(fds) = control {
                for fd in fds {
                    // SAFETY: the kernel just installed it for us alone.
                    self.received.push_back(unsafe { OwnedFd::from_raw_fd(fd) });
                }
            }
        }
        // More than one launch needs was sent: a confused or hostile peer.
        while self.received.len() > MAX_FDS {
            self.received.pop_front();
        }
        Ok(message.bytes)
    }

    /// Takes the oldest descriptor received and not taken yet.
    pub fn take_descriptor(&mut self) -> Option<OwnedFd> {
        self.received.pop_front()
    }

    /// Writes everything.
    ///
    /// # Errors
    /// The connection broke, or the peer has not read for 30 seconds.
    pub fn write_all(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            match self.write_some(bytes) {
                Ok(count) => bytes = &bytes[count..],
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.wait_writable()?,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn write_some(&self, bytes: &[u8]) -> io::Result<usize> {
        if self.is_socket {
            // MSG_NOSIGNAL: a vanished peer is an error to handle, not a SIGPIPE.
            let parts = [IoSlice::new(bytes)];
            Ok(sendmsg::<()>(
                self.output.as_raw_fd(),
                &parts,
                &[],
                MsgFlags::MSG_NOSIGNAL,
                None,
            )?)
        } else {
            Ok(nix::unistd::write(&self.output, bytes)?)
        }
    }

    fn wait_writable(&self) -> io::Result<()> {
        // SAFETY: the descriptor outlives the call.
        let fd = unsafe { BorrowedFd::borrow_raw(self.output.as_raw_fd()) };
        let mut fds = [PollFd::new(fd, PollFlags::POLLOUT)];
        if poll(&mut fds, PollTimeout::from(WRITE_TIMEOUT_MS))? == 0 {
            return Err(io::Error::new(
                io::ErrorKind::TimedOut,
                "the peer does not read",
            ));
        }
        Ok(())
    }

    /// Writes `bytes` with descriptors attached to the first of them.
    ///
    /// # Errors
    /// The connection is not a unix socket, or broke.
    pub fn send_with_fds(&mut self, bytes: &[u8], fds: &[RawFd]) -> io::Result<()> {
        if !self.is_unix {
            return Err(io::Error::new(
                io::ErrorKind::Unsupported,
                "descriptors need a unix socket",
            ));
        }
        let parts = [IoSlice::new(bytes)];
        let control = [ControlMessage::ScmRights(fds)];
        loop {
            match sendmsg::<()>(
                self.output.as_raw_fd(),
                &parts,
                &control,
                MsgFlags::MSG_NOSIGNAL,
                None,
            ) {
                Ok(count) => return self.write_all(&bytes[count..]),
                Err(nix::errno::Errno::EINTR) => {}
                Err(nix::errno::Errno::EAGAIN) => self.wait_writable()?,
                Err(errno) => return Err(errno.into()),
            }
        }
    }
}

fn set_nonblocking(fd: &OwnedFd) -> io::Result<()> {
    let flags = nix::fcntl::OFlag::from_bits_retain(nix::fcntl::fcntl(fd, nix::fcntl::F_GETFL)?);
    nix::fcntl::fcntl(
        fd,
        nix::fcntl::F_SETFL(flags | nix::fcntl::OFlag::O_NONBLOCK),
    )?;
    nix::fcntl::fcntl(fd, nix::fcntl::F_SETFD(nix::fcntl::FdFlag::FD_CLOEXEC))?;
    Ok(())
}

fn dup_cloexec(fd: RawFd) -> io::Result<OwnedFd> {
    // SAFETY: the standard descriptors are only borrowed for the call.
    let copy = nix::fcntl::fcntl(
        unsafe { BorrowedFd::borrow_raw(fd) },
        nix::fcntl::F_DUPFD_CLOEXEC(3),
    )?;
    // SAFETY: the kernel just made it for us.
    Ok(unsafe { OwnedFd::from_raw_fd(copy) })
}

#[cfg(test)]
mod tests {
    use std::os::fd::IntoRawFd;
    use std::os::unix::net::UnixStream;

    use super::*;

    fn pair() -> (Transport, UnixStream) {
        let (ours, theirs) = UnixStream::pair().unwrap();
        // SAFETY: into_raw_fd gives up ownership.
        (
            unsafe { Transport::from_inherited(ours.into_raw_fd()) }.unwrap(),
            theirs,
        )
    }

    #[test]
    fn descriptors_travel_both_ways() {
        let (mut ours, theirs) = pair();
        // SAFETY: as above.
        let mut other = unsafe { Transport::from_inherited(theirs.into_raw_fd()) }.unwrap();
        let file = std::fs::File::open("/dev/null").unwrap();
        ours.send_with_fds(b"$OK#9a", &[file.as_raw_fd()]).unwrap();
        let mut buffer = [0; 64];
        assert_eq!(other.read(&mut buffer).unwrap(), Some(6));
        assert!(other.take_descriptor().is_some());
        assert!(other.take_descriptor().is_none());
        assert_eq!(other.read(&mut buffer).unwrap(), None);
        drop(ours);
        assert_eq!(other.read(&mut buffer).unwrap(), Some(0));
    }
}
