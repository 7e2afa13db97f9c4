//! waitpid(2) for traced threads, and sleeping until there is something to wait for.

use std::ffi::c_int;

use nix::errno::Errno;

use super::ptrace::{Result, Tid};

/// One answer of `waitpid`, to be taken apart with `libc::WIFSTOPPED` and its kin.
pub type WaitStatus = c_int;

/// Reaps one status of `target` (-1: any child) without waiting.
///
/// `Ok(None)` means nothing has changed; `ECHILD` that there is nothing to wait for.
pub fn poll(target: Tid) -> Result<Option<(Tid, WaitStatus)>> {
    let (tid, status) = waitpid(target, libc::WNOHANG)?;
    Ok((tid != 0).then_some((tid, status)))
}

/// Waits for the next status of one thread.
pub fn wait(tid: Tid) -> Result<WaitStatus> {
    waitpid(tid, 0).map(|(_, status)| status)
}

fn waitpid(target: Tid, flags: c_int) -> Result<(Tid, WaitStatus)> {
    let mut status = 0;
    loop {
        // SAFETY: `status` is a valid address for the answer.
        match unsafe { libc::waitpid(target, &raw mut status, libc::__WALL | flags) } {
            -1 if Errno::last() == Errno::EINTR => {}
            -1 => return Err(Errno::last()),
            tid => return Ok((tid, status)),
        }
    }
}

/// Sleeps until `SIGCHLD`, which is blocked, is pending; a few milliseconds at most.
pub fn sleep_until_child_changes() {
    let timeout = libc::timespec {
        tv_sec: 0,
        tv_nsec: 5_000_000,
    };
    // SAFETY: the set is initialised before use, and the timeout outlives the call.
    unsafe {
        let mut set = std::mem::zeroed::<libc::sigset_t>();
        libc::sigemptyset(&raw mut set);
        libc::sigaddset(&raw mut set, libc::SIGCHLD);
        libc::sigtimedwait(&raw const set, std::ptr::null_mut(), &raw const timeout);
    }
}
