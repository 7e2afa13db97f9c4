//! `survivor THREADS HZ`: works until it is told to end, and does on command what would kill a
//! program in which a debugger has left something.
//!
//! Each thread calls `hot` so many times a second and keeps a checksum.  Commands are lines of
//! standard input, each answered by a line: `cold` calls a function that is never called
//! otherwise, `jit` calls code that no file holds, `load` has the loader load a library, `write`
//! has every thread write one cell, `end` says whether all results are right.

use std::io::BufRead;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Barrier, Condvar, Mutex};
use std::thread;
use std::time::Duration;

static TOTAL: AtomicU64 = AtomicU64::new(0);
static CELL: AtomicU64 = AtomicU64::new(0);
static SIGNALS: AtomicU64 = AtomicU64::new(0);
static RELEASED: AtomicBool = AtomicBool::new(false);

extern "C" {
    fn signal(number: i32, handler: usize) -> usize;
    fn mmap(at: *mut u8, size: usize, access: i32, flags: i32, file: i32, offset: i64) -> *mut u8;
    fn dlopen(path: *const std::ffi::c_char, flags: i32) -> *mut u8;
}

extern "C" fn on_signal(_number: i32) {
    SIGNALS.fetch_add(1, Ordering::Relaxed); // @on_signal
}

#[inline(never)]
fn hot(count: &mut u64, checksum: &mut u64) {
    *count += 1; // @hot
    *checksum = checksum.rotate_left(1) ^ *count; // @hot_next
    TOTAL.fetch_add(1, Ordering::Relaxed);
}

#[inline(never)]
fn cold(count: u64) -> u64 {
    count * 2 // @cold
}

#[inline(never)]
fn write_cell(value: u64) {
    CELL.store(value, Ordering::Relaxed); // @write
}

/// Runs until it is released, which nobody does: to be called by a debugger.
#[inline(never)]
fn slow() -> u64 {
    ready::say("slow");
    while !RELEASED.load(Ordering::Relaxed) {
        std::hint::spin_loop();
    }
    1
}

/// What the threads are told.
#[derive(Default)]
struct Orders {
    writes: u64,
    is_over: bool,
}

struct Shared {
    orders: Mutex<Orders>,
    news: Condvar,
    written: Barrier,
}

fn work(shared: &Shared, period: Duration) -> (u64, bool) {
    let (mut count, mut checksum, mut writes) = (0, 0, 0);
    loop {
        hot(&mut count, &mut checksum); // @loop
        let orders = shared.orders.lock().unwrap();
        let is_idle = |orders: &mut Orders| !orders.is_over && orders.writes == writes;
        let (orders, _) = shared
            .news
            .wait_timeout_while(orders, period, is_idle)
            .unwrap();
        if orders.is_over {
            return (count, checksum == expected_checksum(count));
        }
        if orders.writes != writes {
            writes = orders.writes;
            drop(orders);
            write_cell(count);
            shared.written.wait();
        }
    }
}

fn expected_checksum(count: u64) -> u64 {
    (1..=count).fold(0u64, |checksum, number| checksum.rotate_left(1) ^ number)
}

/// Returns code that lies in no file: it answers 42.
fn make_code() -> extern "C" fn() -> u64 {
    // nop; mov eax, 42; ret
    const CODE: [u8; 7] = [0x90, 0xb8, 42, 0, 0, 0, 0xc3];
    // SAFETY: new pages, and the bytes are a whole function.
    unsafe {
        let at = mmap(std::ptr::null_mut(), 4096, 7, 0x22, -1, 0);
        std::ptr::copy_nonoverlapping(CODE.as_ptr(), at, CODE.len());
        std::mem::transmute(at)
    }
}

/// Loads a library that nothing else here needs.
fn load() -> bool {
    const RTLD_NOW: i32 = 2;
    // SAFETY: the name is terminated, and the library does nothing when it is loaded.
    unsafe { !dlopen(c"libm.so.6".as_ptr(), RTLD_NOW).is_null() }
}

fn main() {
    let mut numbers = std::env::args()
        .skip(1)
        .map(|text| text.parse::<u64>().expect("a number"));
    let threads = numbers.next().unwrap_or(2) as usize;
    let period = Duration::from_secs(1) / numbers.next().unwrap_or(100) as u32;
    // SAFETY: the handler only counts.
    unsafe { signal(10, on_signal as *const () as usize) };
    ready::keep(&(slow as fn() -> u64));
    let code = make_code();
    let shared = Arc::new(Shared {
        orders: Mutex::default(),
        news: Condvar::new(),
        written: Barrier::new(threads + 1),
    });
    let workers: Vec<_> = (0..threads)
        .map(|number| {
            let shared = Arc::clone(&shared);
            let name = format!("worker-{number}");
            let builder = thread::Builder::new().name(name);
            builder
                .spawn(move || work(&shared, period))
                .expect("a thread")
        })
        .collect();
    println!("code {}", code as usize);
    ready::say("ready"); // @ready
    for line in std::io::stdin().lock().lines() {
        match line.expect("text").as_str() {
            "cold" => println!("cold {}", cold(21)),
            "jit" => println!("jit {}", code()),
            "load" => println!("loaded {}", load()),
            "write" => {
                shared.orders.lock().unwrap().writes += 1;
                shared.news.notify_all();
                write_cell(1);
                shared.written.wait();
                println!("written");
            }
            _ => break,
        }
    }
    shared.orders.lock().unwrap().is_over = true;
    shared.news.notify_all();
    let (mut sum, mut intact) = (0, true);
    for worker in workers {
        let (count, good) = worker.join().expect("no panic");
        sum += count;
        intact &= good;
    }
    println!(
        "count {sum} total {} intact {intact} signals {}",
        TOTAL.load(Ordering::Relaxed),
        SIGNALS.load(Ordering::Relaxed)
    );
}
