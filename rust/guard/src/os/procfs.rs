//! What `/proc` tells about a process (proc(5)), and why the kernel refuses to trace one.

use std::fmt::Write as _;
use std::fs;
use std::io::{self, Read as _, Seek as _, SeekFrom};

/// Thread ids of a process, in no particular order.
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

/// One line of `/proc/PID/maps`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    /// First address.
    pub start: u64,
    /// One past the last address.
    pub end: u64,
    /// `rwxp` or `rwxs`.
    pub permissions: [u8; 4],
    /// Offset in the file.
    pub offset: u64,
    /// Inode of the file, 0 for none.
    pub inode: u64,
    /// Path, `[stack]` and the like, or empty.
    pub path: String,
}

impl Mapping {
    /// Whether writes to it reach the file.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        self.permissions[3] == b's'
    }

    /// Whether it can be executed.
    #[must_use]
    pub fn is_executable(&self) -> bool {
        self.permissions[2] == b'x'
    }
}

/// Memory mappings, sorted by address, read through a thread that is alive.
///
/// # Errors
/// The thread is gone or may not be looked at.
pub fn maps(tid: i32) -> io::Result<Vec<Mapping>> {
    read_maps(&fs::File::open(format!("/proc/{tid}/maps"))?)
}

fn read_maps(mut file: &fs::File) -> io::Result<Vec<Mapping>> {
    let mut text = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    file.read_to_end(&mut text)?;
    Ok(text
        .split(|&b| b == b'\n')
        .filter_map(parse_mapping)
        .collect())
}

/// What a tracer must know of the mapping around one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MappingInfo {
    /// Writes to it reach a file.
    pub reaches_file: bool,
}

/// Looks up the mapping that holds `address` in an open `maps` file; `None` where nothing is
/// mapped.
///
/// # Errors
/// The process is gone.
pub fn mapping_at(file: &fs::File, address: u64) -> io::Result<Option<MappingInfo>> {
    if let Some(answer) = query_mapping(file, address) {
        return answer;
    }
    let holds = |map: &Mapping| (map.start..map.end).contains(&address);
    Ok(read_maps(file)?
        .into_iter()
        .find(holds)
        .map(|map| MappingInfo {
            reaches_file: map.is_shared() && map.inode != 0 && map.permissions[1] == b'w',
        }))
}

/// `struct procmap_query` of linux/fs.h.
#[repr(C)]
#[derive(Default)]
struct ProcmapQuery {
    size: u64,
    query_flags: u64,
    query_addr: u64,
    vma_start: u64,
    vma_end: u64,
    vma_flags: u64,
    vma_page_size: u64,
    vma_offset: u64,
    inode: u64,
    dev_major: u32,
    dev_minor: u32,
    vma_name_size: u32,
    build_id_size: u32,
    vma_name_addr: u64,
    build_id_addr: u64,
}

/// Asks the kernel for one mapping (Linux 6.11); `None` where it does not know the request.
fn query_mapping(maps: &fs::File, address: u64) -> Option<io::Result<Option<MappingInfo>>> {
    use std::os::fd::AsRawFd as _;
    const WRITABLE: u64 = 2;
    const SHARED: u64 = 8;
    nix::ioctl_readwrite!(procmap_query, b'f', 17, ProcmapQuery);
    let mut query = ProcmapQuery {
        size: size_of::<ProcmapQuery>() as u64,
        query_addr: address,
        ..ProcmapQuery::default()
    };
    // SAFETY: the structure is the kernel's, and says its own size.
    match unsafe { procmap_query(maps.as_raw_fd(), &raw mut query) } {
        Ok(_) => Some(Ok(Some(MappingInfo {
            reaches_file: query.vma_flags & (WRITABLE | SHARED) == WRITABLE | SHARED
                && query.inode != 0,
        }))),
        Err(nix::errno::Errno::ENOENT) => Some(Ok(None)),
        Err(nix::errno::Errno::ESRCH) => Some(Err(io::Error::from_raw_os_error(libc::ESRCH))),
        // An older kernel, or a filter that does not know the request.
        Err(_) => None,
    }
}

fn parse_mapping(line: &[u8]) -> Option<Mapping> {
    let line = String::from_utf8_lossy(line);
    let mut rest: &str = &line;
    let mut field = || {
        let trimmed = rest.trim_start_matches(' ');
        let (word, tail) = trimmed.split_at(trimmed.find(' ').unwrap_or(trimmed.len()));
        rest = tail;
        word.to_owned()
    };
    let (range, permissions, offset) = (field(), field(), field());
    let (_device, inode) = (field(), field());
    let (start, end) = range.split_once('-')?;
    Some(Mapping {
        start: u64::from_str_radix(start, 16).ok()?,
        end: u64::from_str_radix(end, 16).ok()?,
        permissions: permissions.as_bytes().try_into().ok()?,
        offset: u64::from_str_radix(&offset, 16).ok()?,
        inode: inode.parse().ok()?,
        path: rest.trim_start_matches(' ').to_owned(),
    })
}

/// Fields of `/proc/PID/status` that matter to a tracer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Status {
    /// State letter: `R`, `S`, `T`, `t`, `Z`, ...
    pub state: u8,
    /// Thread group.
    pub tgid: i32,
    /// Who traces it, 0 for nobody.
    pub tracer: i32,
    /// Effective user.
    pub uid: u32,
    /// Blocked signals, bit 0 = signal 1.
    pub blocked: u64,
    /// Ignored signals.
    pub ignored: u64,
    /// Effective capabilities.
    pub capabilities: u64,
    /// Kernel threads have no memory of their own.
    pub has_memory: bool,
}

/// Read [`Status`] of a process or thread.
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
            "TracerPid" => status.tracer = value.parse().unwrap_or(0),
            "Uid" => {
                status.uid = value
                    .split('\t')
                    .nth(1)
                    .and_then(|uid| uid.parse().ok())
                    .unwrap_or(0);
            }
            "SigBlk" => status.blocked = mask(),
            "SigIgn" => status.ignored = mask(),
            "CapEff" => status.capabilities = mask(),
            "VmSize" => status.has_memory = true,
            _ => {}
        }
    }
    status
}

/// The thread's name, at most 15 bytes, or empty.
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

/// The CPU the thread last ran on and its start time in clock ticks since boot.
#[must_use]
pub fn core_and_start(tid: i32) -> Option<(u32, u64)> {
    let text = fs::read_to_string(format!("/proc/{tid}/stat")).ok()?;
    // The name may hold spaces and parentheses; what follows the last one is regular.
    let fields: Vec<_> = text.get(text.rfind(')')? + 2..)?.split(' ').collect();
    Some((fields.get(36)?.parse().ok()?, fields.get(19)?.parse().ok()?))
}

/// The auxiliary vector as the kernel wrote it.
///
/// # Errors
/// The process is gone or may not be looked at.
pub fn auxv(tid: i32) -> io::Result<Vec<u8>> {
    fs::read(format!("/proc/{tid}/auxv"))
}

/// Path of the executable, as the link says.
///
/// # Errors
/// The process is gone or may not be looked at.
pub fn executable(tid: i32) -> io::Result<String> {
    let path = fs::read_link(format!("/proc/{tid}/exe"))?;
    Ok(path.to_string_lossy().into_owned())
}

/// `qXfer:osdata:read:processes`: every process this user may see.
#[must_use]
pub fn processes_xml() -> String {
    let mut xml = String::from("<osdata type=\"processes\">\n");
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    for pid in entries.filter_map(|e| e.file_name().to_str()?.parse::<i32>().ok()) {
        let command = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let command = String::from_utf8_lossy(&command).replace('\0', " ");
        let name = if command.trim().is_empty() {
            comm(pid)
        } else {
            command
        };
        let user = status(pid).map(|status| status.uid).unwrap_or_default();
        let _ = writeln!(
            xml,
            "<item><column name=\"pid\">{pid}</column><column name=\"user\">{user}</column>\
             <column name=\"command\">{}</column></item>",
            escape_xml(name.trim())
        );
    }
    xml.push_str("</osdata>\n");
    xml
}

/// Text with the characters that XML reserves replaced, and control characters dropped.
#[must_use]
pub fn escape_xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// Why tracing `pid` failed, in words, with the rule that refused it.
///
/// `errno` is what the kernel answered; it is `EPERM` for nearly every reason.
#[must_use]
pub fn explain_attach_failure(pid: i32, errno: i32) -> String {
    let Ok(status) = status(pid) else {
        return format!("there is no process {pid}");
    };
    if status.state == b'Z' || status.state == b'X' {
        return format!("process {pid} has ended and only waits for its parent (zombie)");
    }
    if status.tracer != 0 {
        return format!(
            "process {pid} is already being traced by {} (pid {})",
            comm(status.tracer),
            status.tracer
        );
    }
    if !status.has_memory {
        return format!("process {pid} is a kernel thread");
    }
    if errno == libc::EPERM {
        return explain_permission(pid, &status);
    }
    format!(
        "cannot trace process {pid}: {}",
        io::Error::from_raw_os_error(errno)
    )
}

fn explain_permission(pid: i32, status: &Status) -> String {
    const CAP_SYS_PTRACE: u64 = 1 << 19;
    let own = self::status(std::process::id() as i32).unwrap_or_default();
    let privileged = own.capabilities & CAP_SYS_PTRACE != 0;
    if !privileged && own.uid != status.uid {
        return format!(
            "process {pid} belongs to user {} and this debugger runs as user {}; \
             run it as that user or with CAP_SYS_PTRACE",
            status.uid, own.uid
        );
    }
    let scope = fs::read_to_string("/proc/sys/kernel/yama/ptrace_scope")
        .ok()
        .and_then(|text| text.trim().parse::<u32>().ok())
        .unwrap_or(0);
    match scope {
        1 if !privileged => {
            return format!(
                "Yama lets only parents trace process {pid} (kernel.yama.ptrace_scope=1); \
                 start the program under the debugger or use CAP_SYS_PTRACE"
            );
        }
        2 if !privileged => {
            return format!(
                "Yama wants CAP_SYS_PTRACE to trace process {pid} \
                 (kernel.yama.ptrace_scope=2)"
            );
        }
        3 => return "Yama forbids all tracing (kernel.yama.ptrace_scope=3)".to_owned(),
        _ => {}
    }
    if status.capabilities & !own.capabilities != 0 && !privileged {
        return format!("process {pid} has capabilities that this debugger lacks");
    }
    format!(
        "the kernel refuses to trace process {pid}: it made itself undumpable \
         (PR_SET_DUMPABLE, a set-user-id program), lives in another user namespace, \
         or a seccomp filter forbids ptrace here"
    )
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
    fn mappings_with_and_without_paths() {
        let line = b"7f00-8000 r-xp 00001000 fe:01 42      /tmp/a b (deleted)";
        let mapping = parse_mapping(line).unwrap();
        assert_eq!(
            (mapping.start, mapping.end, mapping.inode),
            (0x7f00, 0x8000, 42)
        );
        assert_eq!(mapping.path, "/tmp/a b (deleted)");
        assert!(mapping.is_executable() && !mapping.is_shared());
        assert_eq!(parse_mapping(b"1000-2000 rw-s 0 00:00 0").unwrap().path, "");
        assert_eq!(parse_mapping(b""), None);
        assert_eq!(parse_mapping(b"zz-1 rwxp 0 0 0"), None);
    }

    #[test]
    fn we_see_ourselves() {
        let pid = std::process::id() as i32;
        assert!(tasks(pid).unwrap().contains(&pid));
        assert!(maps(pid).unwrap().iter().any(Mapping::is_executable));
        let status = status(pid).unwrap();
        assert_eq!(
            (status.tgid, status.tracer, status.has_memory),
            (pid, 0, true)
        );
        assert!(core_and_start(pid).unwrap().1 > 0);
        assert_eq!(is_64_bit(pid), Some(true));
        let here = &raw const pid as u64;
        let own = fs::File::open("/proc/self/maps").unwrap();
        assert_eq!(
            mapping_at(&own, here).unwrap(),
            Some(MappingInfo {
                reaches_file: false
            })
        );
        assert_eq!(mapping_at(&own, 0).unwrap(), None);
        assert!(processes_xml().contains(&format!("<column name=\"pid\">{pid}</column>")));
    }

    #[test]
    fn refusals_are_explained() {
        let text = explain_attach_failure(0x7fff_fff0, libc::ESRCH);
        assert!(text.contains("no process"), "{text}");
        assert_eq!(
            escape_xml("<a & \"b\"\x1b>"),
            "&lt;a &amp; &quot;b&quot;\u{fffd}&gt;"
        );
    }
}
