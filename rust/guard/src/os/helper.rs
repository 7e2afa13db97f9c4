//! A forked child of the guard that outlives it.

use std::io;
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd, RawFd};

use super::ptrace::Tid;

/// A child process that was forked, and can be ended.
pub struct Helper {
    /// Refers to the process whatever becomes of its number (`pidfd_open(2)`).
    process: OwnedFd,
}

impl Helper {
    /// Forks a child that does `work` and ends.  Of the descriptors it has `kept` and the
    /// standard streams; it is in a session of its own, under this name.
    ///
    /// # Errors
    /// The kernel refuses another process.
    pub fn fork(name: &std::ffi::CStr, kept: &[RawFd], work: impl FnOnce()) -> io::Result<Self> {
        // SAFETY: this process has one thread, so that the child may do what it likes.
        match unsafe { libc::fork() } {
            -1 => Err(io::Error::last_os_error()),
            0 => {
                close_others(kept);
                // SAFETY: no memory but the name, which is terminated, is passed.
                unsafe {
                    libc::setsid();
                    libc::prctl(libc::PR_SET_NAME, name.as_ptr());
                }
                work();
                // SAFETY: nothing is flushed or dropped that the parent will flush or drop.
                unsafe { libc::_exit(0) }
            }
            pid => match open_process(pid) {
                Ok(process) => Ok(Self { process }),
                Err(error) => {
                    // SAFETY: our own child, which nobody has reaped.
                    unsafe { libc::kill(pid, libc::SIGKILL) };
                    Err(error)
                }
            },
        }
    }

    /// Ends the child: it is not needed any more.
    pub fn dismiss(self) {
        let fd = self.process.as_raw_fd();
        // SAFETY: no memory is passed but the answer's, which is not wanted.  Both fail
        // harmlessly where the child has ended by itself.
        unsafe {
            let no_info = std::ptr::null_mut::<libc::siginfo_t>();
            libc::syscall(libc::SYS_pidfd_send_signal, fd, libc::SIGKILL, no_info, 0);
            libc::waitid(libc::P_PIDFD, fd as libc::id_t, no_info, libc::WEXITED);
        }
    }
}

/// Opens a descriptor of a process.
///
/// # Errors
/// There is none of this number.
pub fn open_process(pid: Tid) -> io::Result<OwnedFd> {
    // SAFETY: no memory is passed.
    match unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) } {
        -1 => Err(io::Error::last_os_error()),
        // SAFETY: the kernel just made it for us.
        fd => Ok(unsafe { OwnedFd::from_raw_fd(fd as RawFd) }),
    }
}

/// Waits until the process of a descriptor has ended.
pub fn wait_for_end(process: &OwnedFd) {
    let mut entry = libc::pollfd {
        fd: process.as_raw_fd(),
        events: libc::POLLIN,
        revents: 0,
    };
    // SAFETY: one entry, as stated.  It is repeated where a signal came first.
    while unsafe { libc::poll(&raw mut entry, 1, -1) } != 1 {}
}

/// Closes every descriptor from 3 on but those that are kept.
fn close_others(kept: &[RawFd]) {
    let mut sorted = kept.to_vec();
    sorted.sort_unstable();
    let mut first = 3;
    for fd in sorted.into_iter().chain([RawFd::MAX]) {
        if first < fd {
            // SAFETY: closing descriptors touches no memory; those who own them never run here.
            unsafe { libc::syscall(libc::SYS_close_range, first, fd - 1, 0) };
        }
        first = fd.saturating_add(1);
    }
}
