//! A runtime that is looked at again and again: some tasks wait on, some wait anew, one has its
//! worker compute.

use std::ffi::{c_int, c_long};
use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, Mutex, OwnedMutexGuard};
use tokio::time::{sleep, timeout};

const LONG: Duration = Duration::from_secs(1000);
const MILLISECOND: Duration = Duration::from_millis(1);

/// Milliseconds of processor time that the computing task has used.
static COMPUTED: AtomicU64 = AtomicU64::new(0);
/// How often the task that waits anew has done so.
static ROUNDS: AtomicU64 = AtomicU64::new(0);

#[repr(C)]
struct TimeSpec {
    seconds: c_long,
    nanoseconds: c_long,
}

extern "C" {
    fn clock_gettime(clock: c_int, time: *mut TimeSpec) -> c_int;
}

const THREAD_CPUTIME: c_int = 3;

fn processor_milliseconds() -> u64 {
    let mut time = TimeSpec {
        seconds: 0,
        nanoseconds: 0,
    };
    // SAFETY: it writes one time, as stated.
    unsafe { clock_gettime(THREAD_CPUTIME, &mut time) };
    (time.seconds * 1000 + time.nanoseconds / 1_000_000) as u64
}

#[inline(never)]
fn crunch() -> u64 {
    let mut sum = 0;
    loop {
        for n in 0..100_000_u64 {
            sum = black_box(sum ^ n); // @crunch
        }
        COMPUTED.store(processor_milliseconds(), Ordering::Relaxed);
    }
}

async fn computes() -> u64 {
    crunch() // @computes
}

/// Computes as much, and lets others go on in between.
async fn shares() {
    loop {
        for n in 0..100_000_u64 {
            black_box(n);
        }
        tokio::task::yield_now().await; // @shares
    }
}

async fn sleeps() {
    sleep(LONG).await; // @sleeps
}

async fn joins() {
    let _ = tokio::spawn(sleeps()).await; // @joins
}

async fn receives(mut messages: mpsc::Receiver<u8>) {
    messages.recv().await; // @receives
}

/// Waits for the same again and again: nothing but its deadline is another.
async fn retries(mut messages: mpsc::Receiver<u8>) {
    loop {
        let _ = timeout(MILLISECOND, messages.recv()).await; // @retries
        ROUNDS.fetch_add(1, Ordering::Relaxed);
    }
}

async fn locks(lock: &'static Mutex<u8>) {
    *lock.lock().await += 1; // @locks
}

async fn is_due(after: Duration) {
    sleep(after).await; // @is_due
    sleep(LONG).await;
}

/// Keeps more futures than anybody wants to see.
async fn hoards() {
    let kept: Vec<_> = (0..300).map(|_| sleeps()).collect();
    sleep(LONG).await; // @hoards
    drop(kept);
}

/// Has the guard in a vector.
async fn keeps_several(guards: Vec<OwnedMutexGuard<u8>>) {
    sleep(LONG).await; // @keeps_several
    drop(guards);
}

/// Shares the sender with who else has it.
async fn shares_sender(sender: Arc<mpsc::Sender<u8>>) {
    sleep(LONG).await; // @shares_sender
    drop(sender);
}

async fn takes_apart((left, right): (u8, String)) -> usize {
    sleep(LONG).await; // @takes_apart
    right.len() + usize::from(left)
}

fn spawn_kept(runtime: &tokio::runtime::Runtime) {
    let lock = Arc::new(Mutex::new(0));
    let guard = lock.clone().blocking_lock_owned();
    runtime.spawn(keeps_several(vec![guard]));
    runtime.spawn(async move { *lock.lock().await += 1 });
    runtime.spawn(takes_apart((7, String::from("right"))));
    let (sender, messages) = mpsc::channel(4);
    runtime.spawn(receives(messages));
    runtime.spawn(shares_sender(Arc::new(sender)));
}

#[inline(never)]
fn look(step: u32) {
    ready::keep(&step); // @look
}

fn spawn_all(runtime: &tokio::runtime::Runtime) -> Box<dyn std::any::Any> {
    let (first, messages) = mpsc::channel(4);
    runtime.spawn(receives(messages));
    let (second, messages) = mpsc::channel(4);
    runtime.spawn(retries(messages));
    let lock: &'static Mutex<u8> = Box::leak(Box::new(Mutex::new(0)));
    let guard = lock.blocking_lock();
    runtime.spawn(locks(lock));
    runtime.spawn(sleeps());
    runtime.spawn(joins());
    runtime.spawn(shares());
    runtime.spawn(computes());
    Box::new((first, second, guard))
}

/// Until the task has computed for more than a second, and the other has waited anew.
fn await_progress() {
    let (computed, rounds) = (
        COMPUTED.load(Ordering::Relaxed),
        ROUNDS.load(Ordering::Relaxed),
    );
    while COMPUTED.load(Ordering::Relaxed) < computed + 1200
        || ROUNDS.load(Ordering::Relaxed) < rounds + 2
    {
        std::thread::sleep(MILLISECOND);
    }
}

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(3)
        .enable_time()
        .build()
        .unwrap();
    let what = std::env::args().nth(1).unwrap_or_default();
    if what == "timers" {
        let milliseconds = std::env::args()
            .nth(2)
            .map_or(1, |text| text.parse().unwrap());
        for factor in [1, 1, 1, 1_000_000] {
            runtime.spawn(is_due(Duration::from_millis(milliseconds * factor)));
        }
        runtime.spawn(hoards());
        std::thread::sleep(MILLISECOND);
        loop {
            look(0);
        }
    }
    if what == "kept" {
        spawn_kept(&runtime);
        std::thread::sleep(Duration::from_millis(50));
        loop {
            look(0);
        }
    }
    let kept = spawn_all(&runtime);
    for step in 0.. {
        await_progress();
        look(step);
    }
    drop(kept);
}
