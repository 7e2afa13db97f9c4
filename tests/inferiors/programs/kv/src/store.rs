//! Keys and channels, shared by all connections.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{broadcast, Notify};
use tokio::time::{sleep_until, Instant};

#[derive(Clone)]
pub struct Store {
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    sooner: Notify,
}

#[derive(Default)]
struct State {
    values: HashMap<String, Bytes>,
    channels: HashMap<String, broadcast::Sender<Bytes>>,
    ends: BTreeSet<(Instant, String)>,
}

impl Store {
    /// Begins empty, with a task that removes what has expired.
    pub fn new() -> Store {
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            sooner: Notify::new(),
        });
        tokio::spawn(purge(Arc::clone(&shared)));
        Store { shared }
    }

    pub fn get(&self, key: &str) -> Option<Bytes> {
        self.shared.state.lock().unwrap().values.get(key).cloned()
    }

    pub fn set(&self, key: String, value: Bytes, life: Option<Duration>) {
        let mut state = self.shared.state.lock().unwrap();
        if let Some(life) = life {
            state.ends.insert((Instant::now() + life, key.clone()));
            self.shared.sooner.notify_one();
        }
        state.values.insert(key, value);
    }

    /// Returns how many subscribers there are.
    #[inline(never)]
    pub fn publish(&self, channel: &str, message: Bytes) -> usize {
        let state = self.shared.state.lock().unwrap(); // @publish
        let sender = state.channels.get(channel);
        sender.map_or(0, |sender| sender.send(message).unwrap_or(0))
    }

    pub fn subscribe(&self, channel: &str) -> broadcast::Receiver<Bytes> {
        let mut state = self.shared.state.lock().unwrap();
        let sender = state.channels.entry(channel.to_owned());
        sender
            .or_insert_with(|| broadcast::channel(16).0)
            .subscribe()
    }
}

impl Shared {
    /// Removes what has expired, and says when the next key does.
    fn remove_expired(&self) -> Option<Instant> {
        let mut state = self.state.lock().unwrap();
        while let Some((end, key)) = state.ends.first().cloned() {
            if end > Instant::now() {
                return Some(end);
            }
            state.ends.remove(&(end, key.clone()));
            state.values.remove(&key);
        }
        None
    }
}

async fn purge(shared: Arc<Shared>) {
    loop {
        match shared.remove_expired() {
            Some(end) => tokio::select! { // @purge
                () = sleep_until(end) => (),
                () = shared.sooner.notified() => (),
            },
            None => shared.sooner.notified().await,
        }
    }
}
