//! `signals KIND`: handled, ignored, queued and deadly signals, raised by the program itself.

use std::sync::atomic::{AtomicU32, Ordering};

extern "C" {
    fn signal(number: i32, handler: usize) -> usize;
    fn raise(number: i32) -> i32;
    fn alarm(seconds: u32) -> u32;
    fn pause() -> i32;
    fn kill(pid: i32, number: i32) -> i32;
    fn getpid() -> i32;
}

const SIGUSR1: i32 = 10;
const SIGUSR2: i32 = 12;
const SIGALRM: i32 = 14;
const SIGTERM: i32 = 15;
const SIG_IGN: usize = 1;

static HANDLED: AtomicU32 = AtomicU32::new(0);

extern "C" fn handler(number: i32) {
    HANDLED.fetch_add(1, Ordering::SeqCst); // @handler
    ready::keep(&number);
}

fn install(number: i32, action: usize) {
    // SAFETY: the handler only touches an atomic.
    let old = unsafe { signal(number, action) };
    assert_ne!(old, usize::MAX, "signal({number})");
}

fn raise_signal(number: i32) {
    // SAFETY: raising a signal has no memory-safety conditions.
    unsafe { raise(number) }; // @raise
}

#[inline(never)]
fn segfault(address: usize) -> u8 {
    // SAFETY: none; the fault is the purpose.
    unsafe { std::ptr::read_volatile(address as *const u8) } // @segfault
}

/// As deep as it is told to.
fn descend(left: u64) -> u64 {
    let kept = [left; 32];
    if left == 0 {
        return 0;
    }
    ready::keep(&kept);
    descend(left - 1) + kept[7] // @descend
}

fn divide(by: i32) -> i32 {
    // Not Rust's checked division: the processor's own fault is wanted.
    let result: i32;
    // SAFETY: the registers named are the only ones changed.
    unsafe {
        std::arch::asm!("cdq", "idiv {0:e}", in(reg) by, inout("eax") 1 => result, out("edx") _);
        // @divide
    }
    result
}

fn trap() {
    // SAFETY: without a debugger this ends the program, which is the purpose.
    unsafe { std::arch::asm!("int3") }; // @int3
    println!("after int3"); // @after_int3
}

fn main() {
    let kind = std::env::args().nth(1).unwrap_or_default();
    install(SIGUSR1, handler as *const () as usize);
    install(SIGUSR2, SIG_IGN);
    install(SIGALRM, handler as *const () as usize);
    ready::say("ready");
    match kind.as_str() {
        "segv" => println!("{}", segfault(16)),
        "overflow" => println!("{}", descend(u64::MAX)),
        "overflow-thread" => {
            let deep = std::thread::spawn(|| descend(u64::MAX));
            println!("{:?}", deep.join().is_ok());
        }
        "fpe" => println!("{}", divide(0)),
        "int3" => trap(),
        "abort" => std::process::abort(), // @abort
        "term" => raise_signal(SIGTERM),
        "wait" => {
            // SAFETY: plain system calls.
            unsafe { pause() }; // @pause
        }
        "alarm" => {
            // SAFETY: plain system calls.
            unsafe {
                alarm(1);
                pause();
            }
        }
        "self" => {
            for _ in 0..100 {
                // SAFETY: plain system calls.
                unsafe { kill(getpid(), SIGUSR1) };
            }
        }
        _ => {
            raise_signal(SIGUSR1); // @first
            raise_signal(SIGUSR2); // @ignored
            raise_signal(SIGUSR1);
        }
    }
    println!("handled {}", HANDLED.load(Ordering::SeqCst)); // @end
}
