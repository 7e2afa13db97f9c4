//! Holding a stopped program for the next client when the first one has died.
//!
//! Whoever comes next, within a time that the first client has chosen, finds the program where
//! it was stopped, with no trap in it.  A program that runs is not held: it goes on at once.

use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use log::{info, warn};

use super::event_loop::poll;
use super::listener::Listener;
use super::transport::Transport;
use super::{Reply, Server, packet};
use crate::os::signal_queue::SignalQueue;

/// The longest that a program is held for nobody.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// Bytes that the path of a unix socket can have (`unix(7)`).
const LONGEST_PATH: usize = 107;

/// Where a successor is waited for, and how long.
#[derive(Clone, Debug)]
pub struct Waiting {
    path: PathBuf,
    time: Duration,
}

impl Server {
    /// `Qcrabtrap.Successor:SECONDS,PATH`: should this client die, another one is waited for.
    /// The path of the unix socket is hexadecimal; no seconds: nobody is waited for.
    pub(super) fn set_successor(&mut self, rest: &str) -> Reply {
        let Some((seconds, path)) = rest.split_once(',') else {
            return Reply::Error("seconds and a path are needed".into());
        };
        let time = packet::parse_hex(seconds.as_bytes()).map(Duration::from_secs);
        let path = packet::from_hex(path.as_bytes()).and_then(|path| String::from_utf8(path).ok());
        let (Some(time), Some(path)) = (time, path) else {
            return Reply::Error("malformed successor packet".into());
        };
        if path.len() > LONGEST_PATH {
            return Reply::Error(format!("{path} is too long for the path of a socket"));
        }
        let waiting = Waiting {
            path: path.into(),
            time: time.min(LONGEST),
        };
        self.successor = Some(waiting).filter(|waiting| !waiting.time.is_zero());
        Reply::Ok
    }

    /// Waits for another client, and begins anew with it; `false` when none is to be waited for
    /// or none comes.
    pub(super) fn find_successor(&mut self, signals: &SignalQueue) -> bool {
        let Some(waiting) = self.successor.clone() else {
            return false;
        };
        if !self.tracer.is_all_stopped() {
            return false;
        }
        info!("waiting {:?} for another client", waiting.time);
        let transport = match self.wait_for_client(&waiting, signals) {
            Ok(transport) => transport,
            Err(error) => {
                warn!(
                    "nobody is waited for at {}: {error}",
                    waiting.path.display()
                );
                None
            }
        };
        let Some(transport) = transport else {
            return false;
        };
        self.tracer.forget_client();
        let mut next = Self::new(transport, false);
        next.tracer = std::mem::take(&mut self.tracer);
        // Until it chooses anew: it may die as well, or be one that only looked in.
        next.successor = Some(waiting);
        *self = next;
        true
    }

    /// Waits for a client that may debug; `None` when the time is up, the guard is asked to end,
    /// or the program is gone.
    fn wait_for_client(
        &mut self,
        waiting: &Waiting,
        signals: &SignalQueue,
    ) -> io::Result<Option<Transport>> {
        // Of a guard that was killed while it waited for a program of this number.
        match std::fs::remove_file(&waiting.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = Listener::bind_unix(&waiting.path)?;
        let deadline = Instant::now() + waiting.time;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || self.tracer.visible_processes().is_empty() {
                return Ok(None);
            }
            let fds = [listener.poll_fd(), signals.poll_fd()];
            let timeout = i32::try_from(left.as_millis() + 1).unwrap_or(i32::MAX);
            let has_unreaped = self.tracer.has_unreaped();
            let [has_client, is_signalled] = poll(fds, if has_unreaped { 0 } else { timeout })?;
            if is_signalled && signals.drain()? {
                return Ok(None);
            }
            if is_signalled || has_unreaped {
                self.tracer.drain();
            }
            if has_client
                && let Some(stream) = listener.next_stream()?
                && listener.admits(&stream)
            {
                return stream.into_transport().map(Some);
            }
        }
    }
}
