use embassy_executor::{Executor, Spawner};
use embassy_sync::blocking_mutex::raw::CriticalSectionRawMutex;
use embassy_sync::channel::Channel;
use embassy_sync::mutex::Mutex;
use embassy_sync::signal::Signal;
use embassy_time::{Duration, Timer};

use crate::{YieldNow, LONG};

static CHANNEL: Channel<CriticalSectionRawMutex, u32, 4> = Channel::new();
static FULL: Channel<CriticalSectionRawMutex, u32, 1> = Channel::new();
static MUTEX: Mutex<CriticalSectionRawMutex, u32> = Mutex::new(1);
static SIGNAL: Signal<CriticalSectionRawMutex, u32> = Signal::new();

async fn inner(k: u32) -> u32 {
    Timer::after(Duration::from_secs(LONG.as_secs())).await; // @inner
    k
}

/// There may be several of it.
#[embassy_executor::task(pool_size = 3)]
async fn outer(name: &'static str, n: u32) {
    let sum = inner(n * 5).await; // @outer
    ready::keep(&(name, sum));
}

#[embassy_executor::task]
async fn holds() {
    let guard = MUTEX.lock().await;
    inner(1).await; // @holds
    ready::keep(&*guard);
}

#[embassy_executor::task]
async fn waits() {
    YieldNow(false).await; // the one that holds it comes first
    ready::keep(&*MUTEX.lock().await); // @waits
}

#[embassy_executor::task]
async fn receives() {
    ready::keep(&CHANNEL.receive().await); // @receives
}

#[embassy_executor::task]
async fn sends() {
    FULL.send(1).await;
    FULL.send(2).await; // @sends
}

#[embassy_executor::task]
async fn signalled() {
    ready::keep(&SIGNAL.wait().await); // @signalled
}

#[embassy_executor::task]
async fn ended() {}

#[embassy_executor::task]
async fn looks() {
    crate::looks(1).await; // @looks
}

fn spawn_all(spawner: Spawner) {
    spawner.spawn(outer("hello", 2).unwrap());
    spawner.spawn(outer("again", 3).unwrap());
    spawner.spawn(holds().unwrap());
    spawner.spawn(waits().unwrap());
    spawner.spawn(receives().unwrap());
    spawner.spawn(sends().unwrap());
    spawner.spawn(signalled().unwrap());
    spawner.spawn(ended().unwrap());
    spawner.spawn(looks().unwrap());
}

pub fn run() {
    let executor: &'static mut Executor = Box::leak(Box::new(Executor::new()));
    executor.run(spawn_all);
}
