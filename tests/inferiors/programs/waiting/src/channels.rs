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

/// Asks the other and answers only then; so does the other.
async fn asks(to: mpsc::Sender<u32>, mut from: mpsc::Receiver<u32>) -> Option<u32> {
    let found = from.recv().await; // @asks
    to.send(found.unwrap_or(0)).await.ok()?;
    found
}

/// Receives what it could only send itself.
async fn asks_itself() -> Option<u32> {
    let (to, mut from) = mpsc::channel(1);
    let found = from.recv().await; // @asks_itself
    drop::<mpsc::Sender<u32>>(to);
    found
}

pub fn spawn_crossed() {
    let (to_one, from_two) = mpsc::channel(1);
    let (to_two, from_one) = mpsc::channel(1);
    tokio::spawn(asks(to_one, from_one));
    tokio::spawn(asks(to_two, from_two));
    tokio::spawn(asks_itself());
    // Two senders of one channel, each with work of its own: no deadlock.
    let (to, from) = mpsc::channel(1);
    tokio::spawn(keeps(to.clone()));
    tokio::spawn(keeps(to));
    tokio::spawn(receives(from));
}
