//! Starting a program under trace.
//!
//! The child waits until it is seized, so that it is ours, with `PTRACE_O_EXITKILL`, before it
//! becomes the program; the stop at its `execve` is the first one reported.

use std::ffi::OsString;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt;

use nix::errno::Errno;

use super::child::{Child, Setup};
use crate::os::ptrace::{self, OPTIONS, Tid};
use crate::os::wait;
use crate::trace::process::{Origin, Process};
use crate::trace::tracer::Tracer;

/// The descriptors that a program gets as 0, 1 and 2.
pub enum Stdio {
    /// The guard's own.
    Inherit,
    /// `/dev/null`.
    Null,
    /// These; a terminal becomes the controlling one.
    Given([OwnedFd; 3]),
}

impl Stdio {
    /// Takes the descriptors that a client has passed.
    pub fn from_descriptors(fds: Vec<OwnedFd>) -> io::Result<Self> {
        <[OwnedFd; 3]>::try_from(fds)
            .map(Self::Given)
            .map_err(|_| io::Error::other("exactly three descriptors are needed"))
    }
}

/// The program to be started, and how.
pub struct Launch {
    /// Its path, looked up in `PATH` when it has no slash.
    pub program: Vec<u8>,
    /// Arguments without the program's name.
    pub arguments: Vec<Vec<u8>>,
    /// The whole environment, `NAME=value`.
    pub environment: Vec<Vec<u8>>,
    /// Working directory, or the guard's own.
    pub directory: Option<Vec<u8>>,
    /// Whether address space randomisation stays on.
    pub randomize: bool,
    /// Whether it is started by `/bin/sh`, which splits and expands the arguments.
    pub with_shell: bool,
    /// Standard streams.
    pub stdio: Stdio,
}

/// Returns the guard's own environment in the form `execve` takes.
pub fn own_environment() -> Vec<Vec<u8>> {
    let join =
        |(name, value): (OsString, OsString)| [name.into_vec(), value.into_vec()].join(&b'=');
    std::env::vars_os().map(join).collect()
}

impl Tracer {
    /// Starts a program and holds it at its first instruction.
    ///
    /// # Errors
    /// A sentence that says what failed.
    pub fn launch(&mut self, launch: &Launch) -> Result<Tid, String> {
        let name = String::from_utf8_lossy(&launch.program).into_owned();
        let describe = |error: Errno| match error {
            // What `Child::read_error` says of a child that had no time to say anything.
            Errno::ECHILD => format!("cannot start {name}: it died while it was being loaded"),
            _ => format!("cannot start {name}: {}", error.desc()),
        };
        let setup = Setup::new(launch).map_err(describe)?;
        let child = Child::fork(&setup).map_err(describe)?;
        let pid = child.pid();
        self.keep_launched_from_cpu_sharing(pid);
        if let Err(error) = ptrace::seize(pid, OPTIONS | libc::PTRACE_O_EXITKILL) {
            child.abandon();
            return Err(describe(error));
        }
        let process = Process::open(pid, pid, Origin::Launched);
        self.add_thread(pid, pid);
        match process {
            Ok(process) => self.add_process(process.in_preparation()),
            Err(error) => {
                self.forget_process(pid);
                child.abandon();
                return Err(format!("cannot look into {name}: {error}"));
            }
        }
        child.proceed().map_err(describe)?;
        let execs = if launch.with_shell { 2 } else { 1 };
        let program = follow_to_program(pid, execs);
        self.forget_process(pid);
        match program {
            Ok(Some(process)) => {
                self.add_stopped_process(process);
                Ok(pid)
            }
            Ok(None) => Err(describe(child.read_error())),
            Err(error) => {
                end_child(pid);
                Err(describe(error))
            }
        }
    }
}

/// Follows a child to the last of its `execs`, which makes it the program; `None` when it has
/// ended before.
fn follow_to_program(pid: Tid, execs: u32) -> ptrace::Result<Option<Process>> {
    for exec in 1..=execs {
        match wait_for_exec(pid)? {
            BeforeExec::Exec => {}
            BeforeExec::Ended => return Ok(None),
        }
        if exec < execs {
            ptrace::cont(pid, 0)?;
        }
    }
    Process::open(pid, pid, Origin::Launched)
        .map(Some)
        .map_err(|error| Errno::from_raw(error.raw_os_error().unwrap_or(libc::EIO)))
}

/// Kills a child that cannot be followed, so that it does not run without us.
fn end_child(pid: Tid) {
    // SAFETY: no memory is passed; the pid is ours until it is waited for, below.
    unsafe { libc::kill(pid, libc::SIGKILL) };
    while wait::wait(pid).is_ok_and(|status| libc::WIFSTOPPED(status)) {
        // It is dying: there may be nobody left to resume.
        let _ = ptrace::cont(pid, 0);
    }
}

/// The end of waiting for a launched child.
enum BeforeExec {
    /// It is held at the first instruction of a new program.
    Exec,
    /// It has ended.
    Ended,
}

/// Waits for a launched child to execute a program.
fn wait_for_exec(pid: Tid) -> ptrace::Result<BeforeExec> {
    loop {
        let status = wait::wait(pid)?;
        if !libc::WIFSTOPPED(status) {
            return Ok(BeforeExec::Ended);
        }
        match status >> 16 {
            libc::PTRACE_EVENT_EXEC => return Ok(BeforeExec::Exec),
            0 => ptrace::cont(pid, libc::WSTOPSIG(status))?,
            _ => ptrace::cont(pid, 0)?,
        }
    }
}
