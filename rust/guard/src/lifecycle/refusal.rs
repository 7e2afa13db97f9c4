//! The rules by which the kernel refuses to trace a process, in words.

use std::io;

use nix::errno::Errno;

use crate::os::procfs::{self, Status};
use crate::os::ptrace::Tid;

/// Explains in a sentence why `PTRACE_SEIZE` of `pid` failed, and which rule refused it.
///
/// `error` is what the kernel answered; it is `EPERM` for nearly every reason (ptrace(2),
/// "Ptrace access mode checking").
#[must_use]
pub fn explain(pid: Tid, error: Errno) -> String {
    let Ok(status) = procfs::status(pid) else {
        return format!("there is no process {pid}");
    };
    if status.state == b'Z' || status.state == b'X' {
        return format!("process {pid} has ended and only waits for its parent (zombie)");
    }
    if status.tracer != 0 {
        return format!(
            "process {pid} is already being traced by {} (pid {})",
            procfs::comm(status.tracer),
            status.tracer
        );
    }
    if !status.has_memory {
        return format!("process {pid} is a kernel thread");
    }
    if error == Errno::EPERM {
        return explain_permission(pid, &status);
    }
    format!("cannot trace process {pid}: {}", io::Error::from(error))
}

fn explain_permission(pid: Tid, status: &Status) -> String {
    const CAP_SYS_PTRACE: u64 = 1 << 19;
    let own = procfs::status(std::process::id() as i32).unwrap_or_default();
    let privileged = own.capabilities & CAP_SYS_PTRACE != 0;
    if !privileged && own.uid != status.uid {
        return format!(
            "process {pid} belongs to user {} and this debugger runs as user {}; \
             run it as that user or with CAP_SYS_PTRACE",
            status.uid, own.uid
        );
    }
    let scope = std::fs::read_to_string("/proc/sys/kernel/yama/ptrace_scope")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_is_gone_is_named() {
        let text = explain(0x7fff_fff0, Errno::ESRCH);
        assert!(text.contains("no process"), "{text}");
    }
}
