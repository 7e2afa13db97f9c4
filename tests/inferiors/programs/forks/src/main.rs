//! `forks KIND [COUNT]`: children by fork, by `Command` (vfork or posix_spawn), and exec.

use std::os::unix::process::CommandExt;
use std::process::Command;
use std::thread;

extern "C" {
    fn fork() -> i32;
    fn waitpid(pid: i32, status: *mut i32, options: i32) -> i32;
    fn _exit(code: i32) -> !;
}

/// Runs in parents and children alike, so that a trap left in a child would show.
#[inline(never)]
fn both(value: u32) -> u32 {
    value + 1 // @both
}

fn forked(code: u32) -> i32 {
    // SAFETY: the child calls only async-signal-safe functions.
    let child = unsafe { fork() }; // @fork
    if child == 0 {
        let code = both(code); // @child
                               // SAFETY: ends the child at once.
        unsafe { _exit(code as i32) };
    }
    let mut status = 0;
    // SAFETY: the pointer is to a local.
    let waited = unsafe { waitpid(child, &mut status, 0) }; // @parent
    assert_eq!(waited, child);
    status
}

fn spawned(argument: &str) -> i32 {
    let program = std::env::current_exe().expect("own path");
    let status = Command::new(program).arg("leaf").arg(argument).status(); // @spawn
    status.expect("a child").code().unwrap_or(-1) // @spawned
}

fn replaced() -> ! {
    let program = std::env::current_exe().expect("own path");
    let error = Command::new(program).args(["leaf", "9"]).exec(); // @exec
    panic!("exec failed: {error}");
}

fn leaf(code: i32) -> ! {
    let code = both(code as u32) as i32; // @leaf
    std::process::exit(code);
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let kind = arguments.first().map_or("fork", String::as_str);
    let number = arguments
        .get(1)
        .map_or(1, |text| text.parse().expect("a number"));
    if kind == "leaf" {
        leaf(number);
    }
    ready::say("ready"); // @ready
    match kind {
        "fork" => {
            for round in 0..number {
                println!("status {:#x}", forked(round as u32)); // @fork_round
            }
        }
        "spawn" => {
            for round in 0..number {
                println!("code {}", spawned(&round.to_string())); // @spawn_round
            }
        }
        "exec" => replaced(),
        "exec-thread" => {
            let worker = thread::spawn(|| replaced());
            worker.join().expect("exec replaces the program first");
        }
        "bare-exec" => {
            let error = Command::new("/bin/true").exec();
            panic!("exec failed: {error}");
        }
        other => panic!("unknown kind {other}"),
    }
    println!("end {}", both(41)); // @end
}
