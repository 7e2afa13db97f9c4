//! The guard's own signals, read from a descriptor (signalfd(2)), so that there is one wait.

use std::io;
use std::os::fd::{AsFd as _, AsRawFd as _, RawFd};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

/// `SIGCHLD` and the signals that end the guard, blocked and queued.
pub struct SignalQueue {
    fd: SignalFd,
}

impl SignalQueue {
    /// Blocks the signals and opens the queue.  `SIGPIPE` is ignored from then on.
    pub fn open() -> io::Result<Self> {
        let mut set = SigSet::empty();
        for signal in [
            Signal::SIGCHLD,
            Signal::SIGTERM,
            Signal::SIGHUP,
            Signal::SIGINT,
        ] {
            set.add(signal);
        }
        set.thread_block()?;
        // A write to a client that has gone is an error, not our end.
        // SAFETY: ignoring a signal runs no code.
        unsafe { libc::signal(libc::SIGPIPE, libc::SIG_IGN) };
        let fd = SignalFd::with_flags(&set, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)?;
        Ok(Self { fd })
    }

    /// The descriptor to poll.
    pub fn poll_fd(&self) -> RawFd {
        self.fd.as_raw_fd()
    }

    /// Whether one has come.  For a tracer of many threads this costs far less than to ask for
    /// a status: the kernel goes through all of them to find that there is none.
    pub fn is_readable(&self) -> io::Result<bool> {
        let mut entry = [PollFd::new(self.fd.as_fd(), PollFlags::POLLIN)];
        match nix::poll::poll(&mut entry, PollTimeout::ZERO) {
            Ok(count) => Ok(count > 0),
            Err(Errno::EINTR) => Ok(true),
            Err(error) => Err(error.into()),
        }
    }

    /// Empties the queue; `true` when one of the signals ends the guard.
    pub fn drain(&self) -> io::Result<bool> {
        let mut ends = false;
        loop {
            match self.fd.read_signal() {
                Ok(Some(info)) => ends |= info.ssi_signo as i32 != libc::SIGCHLD,
                Ok(None) => return Ok(ends),
                Err(Errno::EINTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}
