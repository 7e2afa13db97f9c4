//! Starting a program under trace.
//!
//! The child waits on a pipe until it is seized, so that it is ours, with `EXITKILL`, before
//! it becomes the program; the stop at its `execve` is the first one told.

use std::ffi::{CString, OsString};
use std::io::{self, Read};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStringExt;

use nix::errno::Errno;

use crate::os::ptrace::{self, OPTIONS, Tid};
use crate::trace::tracer::{Intent, Origin, Process, PtraceStop, Tracer};

const ADDR_NO_RANDOMIZE: libc::c_ulong = 0x0004_0000;

/// What the program's descriptors 0, 1 and 2 are to be.
pub enum Stdio {
    /// Ours.
    Inherit,
    /// `/dev/null`.
    Null,
    /// These; a terminal becomes the controlling one.
    Given([OwnedFd; 3]),
}

/// How a program is to be started.
pub struct Launch {
    /// Its path, looked up in `PATH` when it has no slash.
    pub program: Vec<u8>,
    /// Arguments without the program's name.
    pub arguments: Vec<Vec<u8>>,
    /// The whole environment, `NAME=value`.
    pub environment: Vec<Vec<u8>>,
    /// Working directory, or ours.
    pub directory: Option<Vec<u8>>,
    /// Leave address space randomisation on.
    pub randomize: bool,
    /// Through `/bin/sh`, which splits and expands the arguments.
    pub with_shell: bool,
    /// Standard streams.
    pub stdio: Stdio,
}

/// The environment of this process, to start from.
pub fn own_environment() -> Vec<(OsString, OsString)> {
    std::env::vars_os().collect()
}

/// Everything the child needs, made before the fork: it must not allocate.
struct Prepared {
    path: CString,
    argv: Vec<CString>,
    envp: Vec<CString>,
    directory: Option<CString>,
    streams: Option<[RawFd; 3]>,
    randomize: bool,
}

impl Tracer {
    /// Starts a program and holds it at its first instruction.
    ///
    /// # Errors
    /// A sentence that says what failed.
    pub fn launch(&mut self, launch: &Launch) -> Result<Tid, String> {
        let name = String::from_utf8_lossy(&launch.program).into_owned();
        let describe = |error: Errno| match error {
            // What `read_error` says of a child that had no time to say anything.
            Errno::ECHILD => format!("cannot start {name}: it died while it was being loaded"),
            _ => format!("cannot start {name}: {}", error.desc()),
        };
        let null = std::fs::OpenOptions::new()
            .read(true)
            .write(true)
            .open("/dev/null");
        let null = null.map_err(|error| format!("/dev/null: {error}"))?;
        let mut prepared = prepare(launch).map_err(describe)?;
        if let (None, Stdio::Null) = (prepared.streams, &launch.stdio) {
            prepared.streams = Some([null.as_raw_fd(); 3]);
        }
        let (go_read, go_write) = pipe().map_err(describe)?;
        let (error_read, error_write) = pipe().map_err(describe)?;
        // SAFETY: this process has one thread, and the child calls only async-signal-safe
        // functions until it executes the program.
        let pid = unsafe { libc::fork() };
        match pid {
            -1 => return Err(describe(Errno::last())),
            0 => run_child(&prepared, go_read.as_raw_fd(), error_write.as_raw_fd()),
            _ => {}
        }
        drop((go_read, error_write));
        let seized = ptrace::seize(pid, OPTIONS | libc::PTRACE_O_EXITKILL);
        if let Err(error) = seized {
            drop(go_write);
            reap(pid);
            return Err(describe(error));
        }
        let process = Process::new(pid, pid, Origin::Launched);
        self.add_thread(pid, pid);
        match process {
            Ok(mut process) => {
                process.execs_to_skip = 0;
                process.is_hidden = true;
                process.is_stopping = true;
                self.processes.insert(pid, process);
            }
            Err(error) => {
                self.threads.remove(&pid);
                drop(go_write);
                reap(pid);
                return Err(format!("cannot look into {name}: {error}"));
            }
        }
        // One byte lets the child go on.
        let written = nix::unistd::write(&go_write, &[1]);
        if let Err(error) = written {
            return Err(describe(error));
        }
        self.finish_launch(pid, error_read, launch.with_shell)
            .map_err(describe)
    }

    /// Follows the child to the exec that makes it the program.
    fn finish_launch(
        &mut self,
        pid: Tid,
        error_read: OwnedFd,
        with_shell: bool,
    ) -> Result<Tid, Errno> {
        let mut execs = if with_shell { 2 } else { 1 };
        while execs > 0 {
            match wait_for_exec(pid)? {
                BeforeExec::Exec => execs -= 1,
                BeforeExec::Ended => {
                    self.forget_process(pid);
                    return Err(read_error(error_read));
                }
            }
            if execs > 0 {
                ptrace::cont(pid, 0)?;
            }
        }
        let mut process = Process::new(pid, pid, Origin::Launched)
            .map_err(|error| Errno::from_raw(error.raw_os_error().unwrap_or(libc::EIO)))?;
        process.is_hidden = false;
        self.forget_process(pid);
        self.processes.insert(pid, process);
        self.add_held_thread(pid, pid, PtraceStop::Event);
        if let Some(thread) = self.threads.get_mut(&pid) {
            thread.intent = Intent::Stopped;
        }
        Ok(pid)
    }
}

/// What a launched child has come to.
enum BeforeExec {
    /// It stands at the first instruction of a new program.
    Exec,
    /// It has ended.
    Ended,
}

/// Waits for a launched child to execute a program.
fn wait_for_exec(pid: Tid) -> ptrace::Result<BeforeExec> {
    let mut status = 0;
    loop {
        // SAFETY: `status` is a valid place for the answer.
        match unsafe { libc::waitpid(pid, &raw mut status, libc::__WALL) } {
            -1 if Errno::last() == Errno::EINTR => continue,
            -1 => return Err(Errno::last()),
            _ => {}
        }
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

fn pipe() -> Result<(OwnedFd, OwnedFd), Errno> {
    nix::unistd::pipe2(nix::fcntl::OFlag::O_CLOEXEC)
}

fn reap(pid: Tid) {
    // The child ends by itself once the pipe it waits on is closed.
    // SAFETY: no memory is passed.
    unsafe { libc::waitpid(pid, std::ptr::null_mut(), 0) };
}

/// The error number the child left when it could not become the program.
fn read_error(fd: OwnedFd) -> Errno {
    let mut bytes = [0; 4];
    match std::fs::File::from(fd).read_exact(&mut bytes) {
        Ok(()) => Errno::from_raw(i32::from_le_bytes(bytes)),
        Err(_) => Errno::ECHILD,
    }
}

fn prepare(launch: &Launch) -> Result<Prepared, Errno> {
    let text = |bytes: &[u8]| CString::new(bytes).map_err(|_| Errno::EINVAL);
    let path = if launch.program.contains(&b'/') {
        launch.program.clone()
    } else {
        search_path(&launch.program, &launch.environment).ok_or(Errno::ENOENT)?
    };
    let (path, argv) = if launch.with_shell {
        // gdb has quoted the arguments for the shell already.
        let mut line = b"exec ".to_vec();
        line.extend(&path);
        for argument in &launch.arguments {
            line.push(b' ');
            line.extend(argument);
        }
        (
            b"/bin/sh".to_vec(),
            vec![text(b"sh")?, text(b"-c")?, text(&line)?],
        )
    } else {
        let mut argv = vec![text(&launch.program)?];
        for argument in &launch.arguments {
            argv.push(text(argument)?);
        }
        (path, argv)
    };
    let envp = launch
        .environment
        .iter()
        .map(|entry| text(entry))
        .collect::<Result<_, _>>()?;
    let streams = match &launch.stdio {
        Stdio::Given(fds) => Some([fds[0].as_raw_fd(), fds[1].as_raw_fd(), fds[2].as_raw_fd()]),
        Stdio::Inherit | Stdio::Null => None,
    };
    Ok(Prepared {
        path: text(&path)?,
        argv,
        envp,
        directory: launch.directory.as_deref().map(text).transpose()?,
        streams,
        randomize: launch.randomize,
    })
}

fn search_path(program: &[u8], environment: &[Vec<u8>]) -> Option<Vec<u8>> {
    let path = environment
        .iter()
        .find_map(|entry| entry.strip_prefix(b"PATH="))?;
    path.split(|byte| *byte == b':').find_map(|directory| {
        let mut candidate = if directory.is_empty() {
            b".".to_vec()
        } else {
            directory.to_vec()
        };
        candidate.push(b'/');
        candidate.extend(program);
        let name = CString::new(candidate.clone()).ok()?;
        // SAFETY: the name is terminated.
        (unsafe { libc::access(name.as_ptr(), libc::X_OK) } == 0).then_some(candidate)
    })
}

/// The child, up to its `execve`.  It starts as if from a shell: no inherited signal
/// dispositions, no blocked signals, no descriptors but the three.
fn run_child(prepared: &Prepared, go: RawFd, error: RawFd) -> ! {
    let pointers = |list: &[CString]| {
        list.iter()
            .map(|s| s.as_ptr())
            .chain([std::ptr::null()])
            .collect::<Vec<_>>()
    };
    let (argv, envp) = (pointers(&prepared.argv), pointers(&prepared.envp));
    // SAFETY: only system calls on memory made ready before; on failure the child ends.
    unsafe {
        let mut byte = 0_u8;
        if libc::read(go, (&raw mut byte).cast(), 1) != 1 {
            libc::_exit(127);
        }
        libc::setsid();
        reset_signals();
        let outcome = set_up(prepared);
        if outcome == 0 {
            close_others(error);
            libc::execve(prepared.path.as_ptr(), argv.as_ptr(), envp.as_ptr());
        }
        let number = (Errno::last() as i32).to_le_bytes();
        libc::write(error, number.as_ptr().cast(), number.len());
        libc::_exit(127)
    }
}

/// Closes everything but the standard streams and `keep`, at `execve`.
unsafe fn close_others(keep: RawFd) {
    // SAFETY: marking descriptors touches no memory.
    unsafe {
        libc::syscall(
            libc::SYS_close_range,
            3,
            libc::c_uint::MAX,
            libc::CLOSE_RANGE_CLOEXEC,
        );
        libc::fcntl(keep, libc::F_SETFD, libc::FD_CLOEXEC);
    }
}

unsafe fn reset_signals() {
    // SAFETY: the structures are initialised; unchangeable signals refuse harmlessly.
    unsafe {
        for signal in 1..=64 {
            libc::signal(signal, libc::SIG_DFL);
        }
        let mut none = std::mem::zeroed::<libc::sigset_t>();
        libc::sigemptyset(&raw mut none);
        libc::sigprocmask(libc::SIG_SETMASK, &raw const none, std::ptr::null_mut());
    }
}

unsafe fn set_up(prepared: &Prepared) -> i32 {
    // SAFETY: descriptors and strings were made before the fork.
    unsafe {
        if let Some(streams) = prepared.streams {
            for (target, source) in (0..).zip(streams) {
                if source == target {
                    libc::fcntl(target, libc::F_SETFD, 0);
                } else if libc::dup2(source, target) == -1 {
                    return -1;
                }
            }
        }
        if libc::isatty(0) == 1 {
            // Fails when another session owns the terminal; the program can do without.
            libc::ioctl(0, libc::TIOCSCTTY, 0);
        }
        if !prepared.randomize {
            // Forbidden by some sandboxes; then addresses just differ from run to run.
            let now = libc::personality(0xffff_ffff);
            libc::personality(now as libc::c_ulong | ADDR_NO_RANDOMIZE);
        }
        match &prepared.directory {
            Some(directory) => libc::chdir(directory.as_ptr()),
            None => 0,
        }
    }
}

/// Turns environment pairs into the form `execve` takes.
pub fn join_environment(pairs: Vec<(OsString, OsString)>) -> Vec<Vec<u8>> {
    let join =
        |(name, value): (OsString, OsString)| [name.into_vec(), value.into_vec()].join(&b'=');
    pairs.into_iter().map(join).collect()
}

/// Takes descriptors that a client has passed as a program's standard streams.
pub fn given(fds: Vec<OwnedFd>) -> io::Result<Stdio> {
    <[OwnedFd; 3]>::try_from(fds)
        .map(Stdio::Given)
        .map_err(|_| io::Error::other("exactly three descriptors are needed"))
}
