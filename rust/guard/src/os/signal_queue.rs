//! The guard's own signals, read from a descriptor (signalfd(2)), so that there is one wait.

use std::io;
use std::os::fd::{AsRawFd as _, RawFd};

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

    /// Empties the queue; `true` when one of the signals ends the guard.
    pub fn drain(&self) -> io::Result<bool> {
        let mut ends = false;
        loop {
            match self.fd.read_signal() {
                Ok(Some(info)) => ends |= info.ssi_signo as i32 != libc::SIGCHLD,
                Ok(None) => return Ok(ends),
                Err(nix::errno::Errno::EINTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}
