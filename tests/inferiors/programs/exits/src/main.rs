//! `exits CODE`: every way a process can end.

use std::process::ExitCode;
use std::thread;

extern "C" {
    fn syscall(number: i64, argument: i64) -> i64;
}

const SYS_EXIT: i64 = 60;

fn ending(code: i32) -> i32 {
    code // @ending
}

/// The first thread ends long before the process does.
fn leader_exits() -> ! {
    thread::spawn(|| {
        let code = ending(5); // @after_leader
        std::process::exit(code);
    });
    loop {
        // Not pthread_exit, which would unwind through std's own frames.
        // SAFETY: ends this thread alone; nothing on its stack is borrowed by the other.
        unsafe { syscall(SYS_EXIT, 0) }; // @leader_exit
    }
}

fn many(code: i32) -> ! {
    for _ in 0..16 {
        thread::spawn(thread::park);
    }
    std::process::exit(ending(code)); // @many_exit
}

fn main() -> ExitCode {
    let argument = std::env::args().nth(1).unwrap_or_else(|| "0".into());
    ready::say("ready");
    match argument.as_str() {
        "leader" => leader_exits(),
        "many" => many(6),
        "abort" => std::process::abort(),
        text => ExitCode::from(ending(text.parse().expect("a code")) as u8), // @main_exit
    }
}
