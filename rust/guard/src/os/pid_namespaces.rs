//! PID namespaces: a process has a number in its own and in each that this one lies in
//! (`pid_namespaces(7)`).

use std::fs::{self, File};
use std::io;
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd};
use std::os::unix::fs::MetadataExt as _;

use super::ptrace::Tid;

/// Number of a namespace's file, which tells it from others (namespaces(7)).
pub type Namespace = u64;

/// Returns the namespace that process numbers are of here.
///
/// # Errors
/// `/proc` is not as usual.
pub fn present() -> io::Result<Namespace> {
    Ok(fs::metadata("/proc/self/ns/pid")?.ino())
}

/// Lists the namespaces that a process has a number in, from ours to its own.
///
/// # Errors
/// It is gone, or may not be looked at.
pub fn of(pid: Tid) -> io::Result<Vec<Namespace>> {
    let own = present()?;
    let mut file = File::open(format!("/proc/{pid}/ns/pid"))?;
    let mut found = vec![file.metadata()?.ino()];
    while found.last() != Some(&own) {
        file = parent(&file)?;
        found.push(file.metadata()?.ino());
    }
    found.reverse();
    Ok(found)
}

/// Lists the numbers of a thread in the namespaces from ours to its own.
///
/// # Errors
/// It is gone.
pub fn numbers(tid: Tid) -> io::Result<Vec<Tid>> {
    let text = fs::read_to_string(format!("/proc/{tid}/status"))?;
    let line = text.lines().find_map(|line| line.strip_prefix("NSpid:"));
    let words = line.unwrap_or_default().split_ascii_whitespace();
    Ok(words.filter_map(|word| word.parse().ok()).collect())
}

/// Opens the namespace that another one lies in (`ioctl_ns(2)`).
fn parent(namespace: &File) -> io::Result<File> {
    nix::ioctl_none!(ns_get_parent, 0xb7, 0x2);
    // SAFETY: the descriptor is open, and the request takes nothing else.
    let fd = unsafe { ns_get_parent(namespace.as_raw_fd()) }?;
    // SAFETY: the kernel just made it for us.
    Ok(File::from(unsafe { OwnedFd::from_raw_fd(fd) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn we_have_a_number_in_our_own() {
        let pid = std::process::id() as Tid;
        assert_eq!(of(pid).unwrap(), [present().unwrap()]);
        assert_eq!(numbers(pid).unwrap().first(), Some(&pid));
    }
}
