//! Tasks of tokio that wait for everything that there is, all on one thread, so that each is
//! where it is said to be.  The argument says which.

mod channels;
#[cfg(feature = "net")]
mod connections;
mod locks;

use std::time::Duration;

use tokio::task::yield_now;
use tokio::time::sleep;

pub const LONG: Duration = Duration::from_secs(1000);

#[inline(never)]
fn look(step: u32) {
    ready::stay();
    ready::keep(&step); // @look
}

async fn looks() {
    look(1);
}

async fn slept(duration: Duration) -> u64 {
    sleep(duration).await; // @slept
    duration.as_secs()
}

async fn joins() -> u64 {
    let handle = tokio::spawn(slept(LONG));
    handle.await.unwrap_or(0) // @joins
}

#[cfg(feature = "join_set")]
async fn joins_all() -> usize {
    let mut set = tokio::task::JoinSet::new();
    for _ in 0..3 {
        set.spawn(slept(LONG));
    }
    let mut ended = 0;
    while set.join_next().await.is_some() {
        // @joins_all
        ended += 1;
    }
    ended
}

/// Waits for a function on a thread of its own, which has begun.
async fn joins_blocking() {
    let (begin, began) = std::sync::mpsc::channel();
    let handle = tokio::task::spawn_blocking(move || {
        begin.send(()).unwrap();
        std::thread::sleep(LONG); // @blocks
    });
    began.recv().unwrap();
    handle.await.unwrap(); // @joins_blocking
}

async fn ticks() -> u32 {
    let mut interval = tokio::time::interval(LONG / 2);
    let mut seen = 0;
    loop {
        interval.tick().await; // @ticks
        seen += 1;
        if seen == 100 {
            return seen;
        }
    }
}

async fn spawn_all(what: &str) {
    match what {
        "time" => {
            tokio::spawn(slept(LONG));
            tokio::spawn(joins());
            tokio::spawn(ticks());
            tokio::spawn(slept(LONG / 10));
        }
        "many" => {
            let count = std::env::args()
                .nth(2)
                .map_or(1000, |text| text.parse().unwrap());
            for _ in 0..count {
                tokio::spawn(slept(LONG));
            }
            locks::spawn_crossed();
        }
        "locks" => locks::spawn_all(),
        "crossed" => locks::spawn_crossed(),
        "futurelock" => locks::spawn_futurelock(),
        "crossed-channels" => channels::spawn_crossed(),
        #[cfg(feature = "net")]
        "connections" => connections::spawn_all().await,
        "joins" => {
            #[cfg(feature = "join_set")]
            tokio::spawn(joins_all());
            tokio::spawn(joins_blocking());
        }
        "channels" => channels::spawn_all(),
        other => panic!("nothing is called {other}"),
    }
    for _ in 0..12 {
        yield_now().await;
    }
    tokio::spawn(looks()).await.unwrap();
}

fn main() {
    let what = std::env::args().nth(1).unwrap_or_default();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(spawn_all(&what));
}
