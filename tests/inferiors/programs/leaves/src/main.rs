//! Tasks of tokio that wait for what is not a task, lock or channel: the operating system,
//! threads of their own, tokens.  The argument says which.

mod outside;
mod threads;
mod tokens;

use std::time::Duration;

use tokio::task::yield_now;

pub const LONG: Duration = Duration::from_secs(1000);

#[inline(never)]
fn look(step: u32) {
    ready::keep(&step); // @look
}

async fn looks() {
    look(1);
}

async fn spawn_all(what: &str) {
    match what {
        "signals" => outside::spawn_signals(),
        "processes" => outside::spawn_processes(),
        "sockets" => outside::spawn_sockets().await,
        "pipes" => outside::spawn_pipes(),
        "threads" => threads::spawn_all().await,
        "tokens" => tokens::spawn_all(),
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
        .max_blocking_threads(2)
        .build()
        .unwrap();
    runtime.block_on(spawn_all(&what));
}
