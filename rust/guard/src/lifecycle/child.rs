//! The child process that becomes the program: what it is made of, and what it does between
//! fork and exec.
//!
//! It waits on a pipe until the tracer has seized it, and says on another one why it could
//! not become the program.

use std::ffi::{CString, c_char};
use std::fs::File;
use std::io::Read as _;
use std::os::fd::{AsRawFd as _, OwnedFd, RawFd};

use nix::errno::Errno;

use super::launch::{Launch, Stdio};
use crate::os::ptrace::{Result, Tid};

/// `ADDR_NO_RANDOMIZE` of personality(2).
const ADDR_NO_RANDOMIZE: libc::c_ulong = 0x0004_0000;

/// Everything the child needs, made before the fork: it must not allocate.
pub struct Setup {
    path: CString,
    argv: Vec<CString>,
    envp: Vec<CString>,
    directory: Option<CString>,
    streams: Option<[RawFd; 3]>,
    /// Keeps the descriptor in `streams` open where the program gets `/dev/null`.
    _null: Option<File>,
    randomize: bool,
}

/// A forked child that waits for leave to become the program.
pub struct Child {
    pid: Tid,
    /// The pipe on which it waits for a byte.
    go: OwnedFd,
    /// The pipe on which it leaves an error number.
    error: OwnedFd,
}

impl Child {
    /// Forks the child; it waits.
    pub fn fork(setup: &Setup) -> Result<Self> {
        let (go_read, go_write) = pipe()?;
        let (error_read, error_write) = pipe()?;
        let (argv, envp) = (pointers(&setup.argv), pointers(&setup.envp));
        // SAFETY: this process has one thread, and the child calls only async-signal-safe
        // functions until it executes the program.
        match unsafe { libc::fork() } {
            -1 => Err(Errno::last()),
            0 => {
                let (go, error) = (go_read.as_raw_fd(), error_write.as_raw_fd());
                run_child(setup, &argv, &envp, go, error)
            }
            pid => Ok(Self {
                pid,
                go: go_write,
                error: error_read,
            }),
        }
    }

    /// Returns its process id.
    pub fn pid(&self) -> Tid {
        self.pid
    }

    /// Lets it become the program.
    pub fn proceed(&self) -> Result<()> {
        nix::unistd::write(&self.go, &[1]).map(drop)
    }

    /// Ends it before it has become the program.
    pub fn abandon(self) {
        // It ends by itself once the pipe it waits on is closed.
        drop(self.go);
        // SAFETY: no memory is passed.
        unsafe { libc::waitpid(self.pid, std::ptr::null_mut(), 0) };
    }

    /// Reads the error number it left when it could not become the program; `ECHILD` when it
    /// had no time to leave one.
    pub fn read_error(self) -> Errno {
        let mut bytes = [0; 4];
        match File::from(self.error).read_exact(&mut bytes) {
            Ok(()) => Errno::from_raw(i32::from_le_bytes(bytes)),
            Err(_) => Errno::ECHILD,
        }
    }
}

fn pipe() -> Result<(OwnedFd, OwnedFd)> {
    nix::unistd::pipe2(nix::fcntl::OFlag::O_CLOEXEC)
}

impl Setup {
    /// Makes everything ready that the child needs.
    ///
    /// # Errors
    /// `ENOENT` for a program that `PATH` does not have, `EINVAL` for a text with a NUL.
    pub fn new(launch: &Launch) -> Result<Self> {
        let (path, argv) = command(launch)?;
        let null = match launch.stdio {
            Stdio::Null => Some(open_null()?),
            Stdio::Inherit | Stdio::Given(_) => None,
        };
        let streams = match (&launch.stdio, &null) {
            (Stdio::Given(fds), _) => Some(fds.each_ref().map(OwnedFd::as_raw_fd)),
            (_, Some(null)) => Some([null.as_raw_fd(); 3]),
            (_, None) => None,
        };
        Ok(Self {
            path: text(&path)?,
            argv,
            envp: texts(&launch.environment)?,
            directory: launch.directory.as_deref().map(text).transpose()?,
            streams,
            _null: null,
            randomize: launch.randomize,
        })
    }
}

fn open_null() -> Result<File> {
    let null = File::options().read(true).write(true).open("/dev/null");
    null.map_err(|error| Errno::from_raw(error.raw_os_error().unwrap_or(libc::EIO)))
}

fn text(bytes: &[u8]) -> Result<CString> {
    CString::new(bytes).map_err(|_| Errno::EINVAL)
}

fn texts(list: &[Vec<u8>]) -> Result<Vec<CString>> {
    list.iter().map(|bytes| text(bytes)).collect()
}

/// Returns what is to be executed: its path, and its arguments with the name.
fn command(launch: &Launch) -> Result<(Vec<u8>, Vec<CString>)> {
    let path = if launch.program.contains(&b'/') {
        launch.program.clone()
    } else {
        search_path(&launch.program, &launch.environment).ok_or(Errno::ENOENT)?
    };
    if !launch.with_shell {
        let mut argv = vec![text(&launch.program)?];
        argv.extend(texts(&launch.arguments)?);
        return Ok((path, argv));
    }
    // gdb has quoted the arguments for the shell already.
    let mut line = b"exec ".to_vec();
    line.extend(&path);
    for argument in &launch.arguments {
        line.push(b' ');
        line.extend(argument);
    }
    let argv = vec![text(b"sh")?, text(b"-c")?, text(&line)?];
    Ok((b"/bin/sh".to_vec(), argv))
}

/// Finds a program as execvp(3) does, in the `PATH` of its own environment.
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

/// Returns pointers to texts as `execve` takes them, with a null pointer at the end.
fn pointers(list: &[CString]) -> Vec<*const c_char> {
    let texts = list.iter().map(|text| text.as_ptr());
    texts.chain([std::ptr::null()]).collect()
}

/// Runs the child up to its `execve`.  It starts as if from a shell: no inherited signal
/// dispositions, no blocked signals, no descriptors but the three.
///
/// `argv` and `envp` point into `setup`; a byte on `go` lets it begin, and on `error` it
/// leaves the number of the error that it ends with.
fn run_child(
    setup: &Setup,
    argv: &[*const c_char],
    envp: &[*const c_char],
    go: RawFd,
    error: RawFd,
) -> ! {
    // SAFETY: only system calls on memory made ready before; on failure the child ends.
    unsafe {
        let mut byte = 0_u8;
        if libc::read(go, (&raw mut byte).cast(), 1) != 1 {
            libc::_exit(127);
        }
        libc::setsid();
        reset_signals();
        if prepare_process(setup) == 0 {
            close_others(error);
            libc::execve(setup.path.as_ptr(), argv.as_ptr(), envp.as_ptr());
        }
        let number = (Errno::last() as i32).to_le_bytes();
        libc::write(error, number.as_ptr().cast(), number.len());
        libc::_exit(127)
    }
}

/// Marks every descriptor but the standard streams to be closed at `execve`, `keep` too.
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

/// Gives every signal its default disposition, and blocks none.
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

/// Gives the child its streams, terminal, personality and directory; -1 where that fails.
unsafe fn prepare_process(setup: &Setup) -> i32 {
    // SAFETY: descriptors and strings were made before the fork.
    unsafe {
        if let Some(streams) = setup.streams {
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
        if !setup.randomize {
            // Forbidden by some sandboxes; then addresses just differ from run to run.
            let now = libc::personality(0xffff_ffff);
            libc::personality(now as libc::c_ulong | ADDR_NO_RANDOMIZE);
        }
        match &setup.directory {
            Some(directory) => libc::chdir(directory.as_ptr()),
            None => 0,
        }
    }
}
