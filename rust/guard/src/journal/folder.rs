//! Where journals lie.
//!
//! A file is named after the process that it is about ([`Identity`]).  It is locked as long as somebody minds it: by the guard and by those who
//! were forked from it; one that can be locked is an orphan (flock(2)).

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::PathBuf;

use super::identity::{Identity, Standing};
use super::table;
use crate::os::ptrace::Tid;

/// What there is of a journal.
pub enum Found {
    /// None.
    None,
    /// One that somebody minds.
    Kept(Entry),
    /// One that nobody minds; it is locked now.
    Orphan(Entry),
}

/// A journal that was found.
pub struct Entry {
    /// What is written there.
    pub file: File,
    /// Where it is.
    pub path: PathBuf,
    /// Whom it is about; its numbers of threads are of the same namespace.
    pub identity: Identity,
}

/// Creates a process's journal, locked, with room for everything.
///
/// # Errors
/// There is no folder for it or no room, or there is a journal already.
pub fn create(identity: &Identity) -> io::Result<(File, PathBuf)> {
    let path = make_folder()?.join(identity.file_name());
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

/// Finds a process's journal: one with its number here, or that of a guard in a PID namespace
/// within ours.
///
/// # Errors
/// The process is gone, or its journal cannot be opened, or others than the user may have
/// written it.
pub fn find(pid: Tid) -> io::Result<Found> {
    for identity in Identity::all_of(pid)? {
        let path = folder()?.join(identity.file_name());
        let file = match open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            opened => opened?,
        };
        let is_orphan = lock(&file).is_ok();
        let entry = Entry {
            file,
            path,
            identity,
        };
        return Ok(if is_orphan {
            Found::Orphan(entry)
        } else {
            Found::Kept(entry)
        });
    }
    Ok(Found::None)
}

/// Lists the processes of this boot and PID namespace that have journals.  Those of other boots
/// are removed, and nobody needs those of processes that are gone; which those are is not known
/// of other namespaces, where the same numbers mean other processes.
///
/// # Errors
/// The folder cannot be read.
pub fn list() -> io::Result<Vec<Identity>> {
    let folder = folder()?;
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
        match identity.standing()? {
            Standing::Alive => found.push(identity),
            Standing::Gone if open(&path).is_ok_and(|file| lock(&file).is_ok()) => {
                fs::remove_file(&path)?;
            }
            Standing::Gone | Standing::Unknown => {}
            Standing::OfAnotherBoot => fs::remove_file(&path)?,
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
