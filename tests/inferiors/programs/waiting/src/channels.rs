//! Tasks that wait for messages, or for room for them.

use std::sync::Arc;

use tokio::sync::{broadcast, mpsc, oneshot, watch, Notify};
use tokio::time::sleep;

use crate::LONG;

async fn receives(mut from: mpsc::Receiver<u32>) -> Option<u32> {
    from.recv().await // @receives
}

async fn receives_unbounded(mut from: mpsc::UnboundedReceiver<u32>) -> Option<u32> {
    from.recv().await // @receives_unbounded
}

async fn keeps<T>(kept: T) {
    sleep(LONG).await; // @keeps
    drop(kept);
}

async fn sends(to: mpsc::Sender<u32>) {
    for number in 0.. {
        if to.send(number).await.is_err() {
            // @sends
            break;
        }
    }
}

async fn answered(answer: oneshot::Receiver<u32>) -> u32 {
    answer.await.unwrap_or(0) // @answered
}

async fn watches(mut value: watch::Receiver<u32>) -> bool {
    value.changed().await.is_ok() // @watches
}

async fn hears(mut news: broadcast::Receiver<u32>) -> bool {
    news.recv().await.is_ok() // @hears
}

async fn notified(notify: Arc<Notify>) {
    notify.notified().await; // @notified
}

pub fn spawn_all() {
    let (to, from) = mpsc::channel(4);
    tokio::spawn(receives(from));
    tokio::spawn(keeps(to));
    let (to, from) = mpsc::channel(2);
    tokio::spawn(sends(to));
    tokio::spawn(keeps(from));
    let (to, from) = mpsc::unbounded_channel();
    tokio::spawn(receives_unbounded(from));
    std::mem::forget(to); // nobody holds it whom a debugger could find
    let (to, from) = oneshot::channel();
    tokio::spawn(answered(from));
    tokio::spawn(keeps(to));
    let (to, from) = watch::channel(5);
    tokio::spawn(watches(from));
    tokio::spawn(keeps(to));
    let (to, from) = broadcast::channel(8);
    tokio::spawn(hears(from));
    tokio::spawn(keeps(to));
    tokio::spawn(notified(Arc::new(Notify::new())));
}
