//! What is said on a connection, a line each.

use std::io;
use std::time::Duration;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use tokio_util::codec::{Decoder, Encoder};

pub enum Command {
    Get {
        key: String,
    },
    Set {
        key: String,
        value: Bytes,
        life: Option<Duration>,
    },
    Publish {
        channel: String,
        message: Bytes,
    },
    Subscribe {
        channel: String,
    },
    Shutdown,
}

pub struct Lines;

impl Decoder for Lines {
    type Item = Command;
    type Error = io::Error;

    fn decode(&mut self, input: &mut BytesMut) -> io::Result<Option<Command>> {
        let Some(end) = input.iter().position(|&byte| byte == b'\n') else {
            return Ok(None);
        };
        let line = input.split_to(end);
        input.advance(1);
        let line = std::str::from_utf8(&line).map_err(io::Error::other)?;
        parse(line).map(Some)
    }
}

fn parse(line: &str) -> io::Result<Command> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let command = match words[..] {
        ["get", key] => Command::Get { key: key.into() },
        ["set", key, value] => Command::Set {
            key: key.into(),
            value: owned(value),
            life: None,
        },
        ["set", key, value, seconds] => {
            let seconds = seconds.parse().map_err(io::Error::other)?;
            let life = Some(Duration::from_secs(seconds));
            Command::Set {
                key: key.into(),
                value: owned(value),
                life,
            }
        }
        ["publish", channel, message] => Command::Publish {
            channel: channel.into(),
            message: owned(message),
        },
        ["subscribe", channel] => Command::Subscribe {
            channel: channel.into(),
        },
        ["shutdown"] => Command::Shutdown,
        _ => return Err(io::Error::other(format!("no command: {line}"))),
    };
    Ok(command)
}

fn owned(text: &str) -> Bytes {
    Bytes::copy_from_slice(text.as_bytes())
}

impl Encoder<Bytes> for Lines {
    type Error = io::Error;

    fn encode(&mut self, reply: Bytes, output: &mut BytesMut) -> io::Result<()> {
        output.put(reply);
        output.put_u8(b'\n');
        Ok(())
    }
}
