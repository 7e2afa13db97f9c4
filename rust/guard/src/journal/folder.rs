//! Where journals lie, and which process one is about.
//!
//! A file is named after the boot, the process id and the process's start time, which no two
//! processes share.  It is locked as long as somebody minds it: by the guard and by those who
//! were forked from it; one that can be locked is an orphan (flock(2)).

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::PathBuf;

use super::table;
use crate::os::procfs;
use crate::os::ptrace::Tid;

/// The process that a journal is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Id of the boot (random(4)).
    boot: String,
    /// The PID namespace that the number is of.
    namespace: u64,
    /// Process id.
    pub pid: Tid,
    /// Start time in clock ticks since boot.
    start: u64,
}

/// What there is of a journal.
pub enum Found {
    /// None.
    None,
    /// One that somebody minds.
    Kept(File, PathBuf),
    /// One that nobody minds; it is locked now.
    Orphan(File, PathBuf),
}

impl Identity {
    /// Identifies a process.
    ///
    /// # Errors
    /// It is gone, or `/proc` is not as usual.
    pub fn of(pid: Tid) -> io::Result<Self> {
        let (_, start) = procfs::core_and_start(pid).ok_or(io::ErrorKind::NotFound)?;
        let boot = present_boot()?;
        let namespace = present_namespace()?;
        Ok(Self {
            boot,
            namespace,
            pid,
            start,
        })
    }

    /// Whether this is still the process with its number.
    pub fn is_alive(&self) -> bool {
        Self::of(self.pid).is_ok_and(|now| now == *self)
    }

    /// Creates the process's journal, locked, with room for everything.
    ///
    /// # Errors
    /// There is no folder for it or no room, or there is a journal already.
    pub fn create(&self) -> io::Result<(File, PathBuf)> {
        let path = make_folder()?.join(self.file_name());
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .mode(0o600)
            .custom_flags(libc::O_NOFOLLOW)
            .open(&path)?;
        // Room first: once the program is being changed, no write may fail.
        let ready = reserve(&file).and_then(|()| lock(&file));
        if let Err(error) = ready {
            fs::remove_file(&path)?;
            return Err(error);
        }
        Ok((file, path))
    }

    /// Finds the process's journal.
    ///
    /// # Errors
    /// It cannot be opened, or others than the user may have written it.
    pub fn find(&self) -> io::Result<Found> {
        let path = folder()?.join(self.file_name());
        match open(&path) {
            Ok(file) if lock(&file).is_ok() => Ok(Found::Orphan(file, path)),
            Ok(file) => Ok(Found::Kept(file, path)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Found::None),
            Err(error) => Err(error),
        }
    }

    fn file_name(&self) -> String {
        let Self {
            boot,
            namespace,
            pid,
            start,
        } = self;
        format!("{boot}-{namespace}-{pid}-{start}")
    }

    fn parse(name: &str) -> Option<Self> {
        let mut parts = name.rsplitn(4, '-');
        let (start, pid) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        let (namespace, boot) = (parts.next()?.parse().ok()?, parts.next()?.to_owned());
        Some(Self {
            boot,
            namespace,
            pid,
            start,
        })
    }
}

/// Lists the processes of this boot and PID namespace that have journals.  Those of other boots
/// are removed, and nobody needs those of processes that are gone; which those are is not known
/// of other namespaces, where the same numbers mean other processes.
///
/// # Errors
/// The folder cannot be read.
pub fn list() -> io::Result<Vec<Identity>> {
    let folder = folder()?;
    let boot = present_boot()?;
    let namespace = present_namespace()?;
    let mut found = Vec::new();
    let entries = match fs::read_dir(&folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(found),
        entries => entries?,
    };
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        let Some(identity) = name.and_then(Identity::parse) else {
            continue;
        };
        if identity.boot == boot && identity.namespace != namespace {
            continue;
        }
        if identity.boot == boot && identity.is_alive() {
            found.push(identity);
        } else if identity.boot != boot || open(&path).is_ok_and(|file| lock(&file).is_ok()) {
            fs::remove_file(&path)?;
        }
    }
    found.sort_by_key(|identity| identity.pid);
    Ok(found)
}

/// Waits until nobody minds a journal any more, and locks it.
///
/// # Errors
/// The kernel cannot wait.
pub fn wait_for_orphan(file: &File) -> io::Result<()> {
    // SAFETY: the descriptor is open.
    while unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_EX) } == -1 {
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
    Ok(())
}

/// Makes a file that has no name and is gone with its last descriptor.
///
/// # Errors
/// There is no memory.
pub fn in_memory() -> io::Result<File> {
    // SAFETY: the name is terminated.
    let fd = unsafe { libc::memfd_create(c"crabtrap-live".as_ptr(), libc::MFD_CLOEXEC) };
    if fd == -1 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the kernel just made it for us.
    let file = File::from(unsafe { OwnedFd::from_raw_fd(fd) });
    reserve(&file)?;
    Ok(file)
}

fn reserve(file: &File) -> io::Result<()> {
    nix::fcntl::posix_fallocate(file, 0, table::file_size() as i64).map_err(io::Error::from)
}

/// Opens a journal that only the user can have written.
fn open(path: &std::path::Path) -> io::Result<File> {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
        .open(path)?;
    let status = file.metadata()?;
    let is_ours = status.uid() == nix::unistd::geteuid().as_raw() && status.mode() & 0o022 == 0;
    if !(status.is_file() && is_ours) {
        let text = format!("{} may have been written by others", path.display());
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, text));
    }
    Ok(file)
}

/// Locks a file that nobody else has locked.
fn lock(file: &File) -> io::Result<()> {
    // SAFETY: the descriptor is open.
    match unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_EX | libc::LOCK_NB) } {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

fn present_boot() -> io::Result<String> {
    let text = fs::read_to_string("/proc/sys/kernel/random/boot_id")?;
    Ok(text.trim().to_owned())
}

/// Returns the number of the PID namespace that process numbers here are of (`namespaces(7)`).
fn present_namespace() -> io::Result<u64> {
    Ok(fs::metadata("/proc/self/ns/pid")?.ino())
}

/// Returns the folder by the XDG base directory specification.
fn folder() -> io::Result<PathBuf> {
    let absolute = |name| {
        let path = PathBuf::from(std::env::var_os(name)?);
        path.is_absolute().then_some(path)
    };
    let state = absolute("XDG_STATE_HOME")
        .or_else(|| Some(absolute("HOME")?.join(".local/state")))
        .ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "HOME is not set"))?;
    Ok(state.join("crabtrap/live"))
}

/// Makes the folder, for the user alone.
fn make_folder() -> io::Result<PathBuf> {
    let folder = folder()?;
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&folder)?;
    let status = fs::symlink_metadata(&folder)?;
    let is_ours = status.uid() == nix::unistd::geteuid().as_raw() && status.mode() & 0o022 == 0;
    if !(status.is_dir() && is_ours) {
        let text = format!("others may write to {}", folder.display());
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, text));
    }
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_found_again_by_its_name() {
        let own = Identity::of(std::process::id() as Tid).unwrap();
        assert_eq!(Identity::parse(&own.file_name()), Some(own.clone()));
        assert!(own.is_alive());
        let other = Identity {
            start: own.start + 1,
            ..own
        };
        assert!(!other.is_alive());
        assert_eq!(Identity::parse("lost+found"), None);
    }
}
