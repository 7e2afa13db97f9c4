//! Macros that wait for several futures.

use std::future::ready;
use std::sync::Arc;

use tokio::sync::Notify;
use tokio::time::{interval_at, Instant};

use crate::{leaf, LONG};

async fn selecting(notify: Arc<Notify>, on: bool) -> usize {
    let mut ticks = interval_at(Instant::now() + LONG / 2, LONG / 2);
    tokio::select! { // @selecting
        () = notify.notified() => 1,
        length = leaf("sel") => length,
        _ = ticks.tick() => 2,
        length = leaf("off"), if on => length,
        Some(()) = ready(None) => 3,
    }
}

async fn joining() -> (usize, u32) {
    tokio::join!(leaf("joined"), async { 4 }) // @joining
}

async fn try_leaf(label: &'static str) -> Result<usize, ()> {
    Ok(leaf(label).await)
}

async fn trying() -> Result<(usize, u32), ()> {
    tokio::try_join!(try_leaf("tried"), async { Ok(5) }) // @trying
}

async fn joining_elsewhere() -> (usize, u32) {
    futures_util::join!(leaf("elsewhere"), async { 6 }) // @joining_elsewhere
}

pub fn spawn_all() {
    tokio::spawn(selecting(Arc::new(Notify::new()), false));
    tokio::spawn(joining());
    tokio::spawn(trying());
    tokio::spawn(joining_elsewhere());
}
