//! `received`: works, and counts the signals that it gets.
//!
//! Commands are lines of standard input: a number has as many signals queued, each with a number
//! of its own that says which is to be the next; `report` says what was received, `end` ends.

use std::ffi::c_void;
use std::io::BufRead;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

static OVER: AtomicBool = AtomicBool::new(false);
static TURNS: AtomicU64 = AtomicU64::new(0);
static RECEIVED: AtomicU64 = AtomicU64::new(0);
static DISORDER: AtomicU64 = AtomicU64::new(0);
static CONTINUED: AtomicU64 = AtomicU64::new(0);
static TERMINATED: AtomicU64 = AtomicU64::new(0);

const SIGTERM: i32 = 15;
const SIGCONT: i32 = 18;
/// The first that the C library leaves to programs.
const SIGRTMIN: i32 = 34;
const SA_SIGINFO: i32 = 4;
const SA_RESTART: i32 = 0x1000_0000;
const SI_QUEUE: i32 = -1;
const SIG_BLOCK: i32 = 0;

type Handler = extern "C" fn(i32, *const SignalInfo, *mut c_void);

/// `struct sigaction` of the C library.
#[repr(C)]
struct Action {
    handler: Handler,
    mask: [u64; 16],
    flags: i32,
    restorer: usize,
}

/// The beginning of `siginfo_t`, for a queued signal.
#[repr(C)]
struct SignalInfo {
    number: i32,
    error: i32,
    code: i32,
    sender: [u32; 3],
    value: u64,
}

extern "C" {
    fn sigaction(number: i32, action: *const Action, old: *mut Action) -> i32;
    fn pthread_sigmask(how: i32, set: *const [u64; 16], old: *mut [u64; 16]) -> i32;
    fn sigqueue(pid: i32, number: i32, value: *const c_void) -> i32;
}

extern "C" fn on_queued(_number: i32, info: *const SignalInfo, _context: *mut c_void) {
    // SAFETY: the kernel passes the information of this signal.
    let info = unsafe { &*info };
    let expected = RECEIVED.fetch_add(1, Ordering::SeqCst);
    if (info.code, info.value) != (SI_QUEUE, expected) {
        DISORDER.fetch_add(1, Ordering::SeqCst);
    }
}

extern "C" fn on_continued(_number: i32, _info: *const SignalInfo, _context: *mut c_void) {
    CONTINUED.fetch_add(1, Ordering::SeqCst);
}

extern "C" fn on_terminated(_number: i32, _info: *const SignalInfo, _context: *mut c_void) {
    TERMINATED.fetch_add(1, Ordering::SeqCst);
}

fn handle(number: i32, handler: Handler) {
    let action = Action {
        handler,
        mask: [0; 16],
        flags: SA_SIGINFO | SA_RESTART,
        restorer: 0,
    };
    // SAFETY: the handlers touch atomics alone; nothing old is wanted.
    assert_eq!(
        unsafe { sigaction(number, &action, std::ptr::null_mut()) },
        0
    );
}

/// Leaves all signals to the other threads.
fn block_signals() {
    // SAFETY: the set is as large as the C library's.
    unsafe { pthread_sigmask(SIG_BLOCK, &[u64::MAX; 16], std::ptr::null_mut()) };
}

/// Queues signals one after the other, in so much time that others can do something between.
fn queue(first: u64, count: u64) {
    const PERIOD: Duration = Duration::from_micros(200);
    let pid = std::process::id() as i32;
    for number in first..first + count {
        thread::sleep(PERIOD);
        // SAFETY: the pointer is a number, and nobody follows it.  The queue may be full.
        while unsafe { sigqueue(pid, SIGRTMIN, number as usize as *const c_void) } != 0 {
            thread::yield_now();
        }
    }
}

fn obey() {
    block_signals();
    let mut queued = 0;
    for line in std::io::stdin().lock().lines() {
        match line.expect("text").as_str() {
            "end" => break,
            "report" => report(),
            number => {
                let count = number.parse().expect("a number");
                queue(queued, count);
                queued += count;
            }
        }
    }
    OVER.store(true, Ordering::SeqCst);
}

fn report() {
    let [received, disorder, continued, terminated] =
        [&RECEIVED, &DISORDER, &CONTINUED, &TERMINATED].map(|each| each.load(Ordering::SeqCst));
    println!(
        "received {received} disorder {disorder} continued {continued} terminated {terminated}"
    );
}

#[inline(never)]
fn turn(count: &mut u64, checksum: &mut u64) {
    *count += 1; // @turn
    *checksum = checksum.rotate_left(1) ^ *count;
    TURNS.fetch_add(1, Ordering::Relaxed); // @turn_end
}

/// Makes a block of turns; whether nothing came between that changed their result.
fn work() -> bool {
    const BLOCK: u64 = 1 << 16;
    let before = TURNS.load(Ordering::Relaxed);
    let (mut count, mut checksum) = (0, 0);
    while count < BLOCK {
        turn(&mut count, &mut checksum); // @loop
    }
    let expected = (1..=BLOCK).fold(0u64, |checksum, number| checksum.rotate_left(1) ^ number);
    checksum == expected && TURNS.load(Ordering::Relaxed) == before + BLOCK
}

fn main() {
    handle(SIGRTMIN, on_queued);
    handle(SIGCONT, on_continued);
    handle(SIGTERM, on_terminated);
    let commands = thread::spawn(obey);
    ready::say("ready"); // @ready
    let mut is_intact = true;
    while !OVER.load(Ordering::Relaxed) {
        is_intact &= work();
    }
    commands.join().expect("no panic");
    println!("intact {is_intact}");
}
