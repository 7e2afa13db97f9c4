//! One client.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio::sync::{broadcast, Notify};
use tokio_util::codec::Framed;

use crate::frame::{Command, Lines};
use crate::store::Store;

pub struct Connection {
    frames: Framed<TcpStream, Lines>,
    store: Store,
    stop: Arc<Notify>,
    ending: broadcast::Receiver<()>,
}

impl Connection {
    pub fn new(
        stream: TcpStream,
        store: Store,
        stop: Arc<Notify>,
        ending: broadcast::Receiver<()>,
    ) -> Connection {
        let frames = Framed::new(stream, Lines);
        Connection {
            frames,
            store,
            stop,
            ending,
        }
    }

    pub async fn run(mut self) -> io::Result<()> {
        while let Some(command) = self.next().await? {
            // @run
            self.obey(command).await?; // @obey
        }
        Ok(())
    }

    /// The next command; none where the client has gone, or the server ends.
    async fn next(&mut self) -> io::Result<Option<Command>> {
        tokio::select! { // @next
            command = self.frames.next() => command.transpose(),
            _ = self.ending.recv() => Ok(None),
        }
    }

    async fn obey(&mut self, command: Command) -> io::Result<()> {
        let reply = match command {
            Command::Get { key } => self.store.get(&key).unwrap_or(Bytes::from_static(b"none")),
            Command::Set { key, value, life } => {
                self.store.set(key, value, life);
                Bytes::from_static(b"ok")
            }
            Command::Publish { channel, message } => {
                let count = self.store.publish(&channel, message); // @publishes
                Bytes::from(count.to_string())
            }
            Command::Subscribe { channel } => return self.subscribe(channel).await, // @subscribes
            Command::Shutdown => {
                self.stop.notify_one();
                return Ok(());
            }
        };
        self.frames.send(reply).await // @reply
    }

    /// Sends what is published on a channel, until the client goes.
    async fn subscribe(&mut self, channel: String) -> io::Result<()> {
        let mut news = self.store.subscribe(&channel);
        self.frames.send(Bytes::from_static(b"subscribed")).await?;
        loop {
            let message = tokio::select! { // @news
                message = news.recv() => message.map_err(io::Error::other)?,
                _ = self.frames.next() => return Ok(()),
                _ = self.ending.recv() => return Ok(()),
            };
            let text = [channel.as_bytes(), b" ", &message].concat();
            self.frames.send(text.into()).await?; // @tell
        }
    }
}
