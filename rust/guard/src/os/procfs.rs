//! What `/proc` says about processes and threads (proc(5)).

use std::fs;
use std::io;

/// Lists the processes that this user may see, in no particular order.
pub fn processes() -> impl Iterator<Item = i32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// Lists the threads of a process, in no particular order.
///
/// # Errors
/// The process is gone.
pub fn tasks(pid: i32) -> io::Result<Vec<i32>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(format!("/proc/{pid}/task"))? {
        if let Some(tid) = entry?
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok())
        {
            found.push(tid);
        }
    }
    Ok(found)
}

/// The fields of `/proc/PID/status` that matter to a tracer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Status {
    /// State letter: `R`, `S`, `T`, `t`, `Z`, ...
    pub state: u8,
    /// Thread group.
    pub tgid: i32,
    /// The parent's process, or whoever has inherited it.
    pub parent: i32,
    /// The process that traces it, 0 for none.
    pub tracer: i32,
    /// Effective user.
    pub uid: u32,
    /// Signals sent to this thread and not taken by it yet, bit 0 = signal 1.
    pub pending: u64,
    /// Blocked signals.
    pub blocked: u64,
    /// Ignored signals.
    pub ignored: u64,
    /// Signals for which the program has a handler.
    pub caught: u64,
    /// Effective capabilities.
    pub capabilities: u64,
    /// Kernel threads have no memory of their own.
    pub has_memory: bool,
}

impl Status {
    /// Whether the program has a handler for a signal.
    #[must_use]
    pub fn catches(&self, signal: i32) -> bool {
        self.caught >> (signal - 1) & 1 != 0
    }
}

/// Reads the [`Status`] of a process or thread.
///
/// # Errors
/// It is gone.
pub fn status(tid: i32) -> io::Result<Status> {
    let text = fs::read_to_string(format!("/proc/{tid}/status"))?;
    Ok(parse_status(&text))
}

fn parse_status(text: &str) -> Status {
    let mut status = Status::default();
    for (key, value) in text.lines().filter_map(|line| line.split_once(':')) {
        let value = value.trim();
        let mask = || u64::from_str_radix(value, 16).unwrap_or(0);
        match key {
            "State" => status.state = value.bytes().next().unwrap_or(b'?'),
            "Tgid" => status.tgid = value.parse().unwrap_or(0),
            "PPid" => status.parent = value.parse().unwrap_or(0),
            "TracerPid" => status.tracer = value.parse().unwrap_or(0),
            "Uid" => {
                status.uid = value
                    .split('\t')
                    .nth(1)
                    .and_then(|uid| uid.parse().ok())
                    .unwrap_or(0);
            }
            "SigPnd" => status.pending = mask(),
            "SigBlk" => status.blocked = mask(),
            "SigIgn" => status.ignored = mask(),
            "SigCgt" => status.caught = mask(),
            "CapEff" => status.capabilities = mask(),
            "VmSize" => status.has_memory = true,
            _ => {}
        }
    }
    status
}

/// Whether a thread that is held by its tracer is about to end: the kernel sends SIGKILL to all
/// threads of a process that exits or is killed before the first of them has ended.
#[must_use]
pub fn is_dying(tid: i32) -> bool {
    status(tid).map_or(true, |status| {
        !matches!(status.state, b't' | b'T') || status.pending >> (libc::SIGKILL - 1) & 1 != 0
    })
}

/// Reads a thread's name, at most 15 bytes, or empty.
#[must_use]
pub fn comm(tid: i32) -> String {
    fs::read(format!("/proc/{tid}/comm"))
        .map(|name| {
            String::from_utf8_lossy(&name)
                .trim_end_matches('\n')
                .to_owned()
        })
        .unwrap_or_default()
}

/// Reads the CPU a thread last ran on and its start time in clock ticks since boot.
#[must_use]
pub fn core_and_start(tid: i32) -> Option<(u32, u64)> {
    // `/proc/TID/stat` adds up the times of every thread of the process.
    let text = fs::read_to_string(format!("/proc/{tid}/task/{tid}/stat")).ok()?;
    // The name may hold spaces and parentheses; what follows the last one is regular.
    let fields: Vec<_> = text.get(text.rfind(')')? + 2..)?.split(' ').collect();
    Some((fields.get(36)?.parse().ok()?, fields.get(19)?.parse().ok()?))
}

/// Reads the auxiliary vector as the kernel wrote it.
///
/// # Errors
/// The process is gone or may not be looked at.
pub fn auxv(tid: i32) -> io::Result<Vec<u8>> {
    fs::read(format!("/proc/{tid}/auxv"))
}

/// Reads the path of the executable, as the link says.
///
/// # Errors
/// The process is gone or may not be looked at.
pub fn executable(tid: i32) -> io::Result<String> {
    let path = fs::read_link(format!("/proc/{tid}/exe"))?;
    Ok(path.to_string_lossy().into_owned())
}

/// Reads the command line with blanks between the arguments, or nothing.
#[must_use]
pub fn command_line(pid: i32) -> String {
    let arguments = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&arguments).replace('\0', " ")
}

/// Whether thread `tid` belongs to process `pid`.
#[must_use]
pub fn has_task(pid: i32, tid: i32) -> bool {
    fs::exists(format!("/proc/{pid}/task/{tid}")).unwrap_or(false)
}

/// Whether a running program is 64-bit, by its executable's ELF class.
#[must_use]
pub fn is_64_bit(tid: i32) -> Option<bool> {
    use std::io::Read as _;
    let mut header = [0; 5];
    fs::File::open(format!("/proc/{tid}/exe"))
        .ok()?
        .read_exact(&mut header)
        .ok()?;
    (&header[..4] == b"\x7fELF").then_some(header[4] == 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn we_see_ourselves() {
        let pid = std::process::id() as i32;
        assert!(processes().any(|process| process == pid));
        assert!(tasks(pid).unwrap().contains(&pid));
        assert!(has_task(pid, pid) && !has_task(pid, 0));
        let status = status(pid).unwrap();
        assert_eq!(
            (status.tgid, status.tracer, status.has_memory),
            (pid, 0, true)
        );
        assert!(core_and_start(pid).unwrap().1 > 0);
        assert_eq!(is_64_bit(pid), Some(true));
        assert!(!command_line(pid).is_empty());
    }
}
