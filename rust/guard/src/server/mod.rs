//! The GDB remote protocol, as one client speaks it with the guard.
//!
//! [`Server`] is the session with the client: `event_loop` waits for packets and signals,
//! `dispatch` here finds the method for a packet, and each of the other files answers packets
//! of one subject by the verbs of [`Tracer`].  Only this folder knows packets; it makes no
//! ptrace request of its own.

mod breakpoints;
mod documents;
mod event_loop;
mod features;
mod files;
mod launch;
mod libraries;
pub mod listener;
mod memory;
mod packet;
mod peer;
mod query;
mod register_state;
mod registers;
mod resume;
mod signal_numbers;
mod spinning;
mod stop_reply;
mod successor;
mod target_description;
mod thread_id;
mod threads;
pub mod token;
mod transfer;
pub mod transport;

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::time::{Duration, Instant};

use log::debug;

use crate::os::ptrace::Tid;
use crate::repair::warden;
use crate::trace::tracer::Tracer;

use features::Features;
use files::Files;
use launch::LaunchOptions;
use packet::Decoder;
use register_state::SavedStates;
use spinning::Spinning;
use successor::Waiting;
use thread_id::ThreadId;
use transfer::BegunDocument;
use transport::Transport;

/// The answer to one packet.
pub enum Reply {
    /// `OK`.
    Ok,
    /// Not supported: an empty packet.
    Unsupported,
    /// This text.
    Text(String),
    /// These bytes, escaped on the way out.
    Binary(Vec<u8>),
    /// `E.` and a sentence.
    Error(String),
    /// `E` and a number, for answers that carry no text.
    ErrorNumber(u8),
    /// `OK`, with a descriptor beside it.
    Descriptor(OwnedFd),
    /// None now; a stop will answer.
    Later,
}

impl From<Result<(), String>> for Reply {
    fn from(result: Result<(), String>) -> Self {
        result.map_or_else(Self::Error, |()| Self::Ok)
    }
}

/// How far a sequence of notifications has come ("Notification Packets" in the GDB manual).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Notifying {
    /// None was sent that is not acknowledged.
    No,
    /// A stop was sent, and `vStopped` has not emptied the queue yet.
    Sequence,
    /// The same, and the stop sent last was marked as such: a resume acknowledges it too.
    Last,
}

/// One client's session.
pub struct Server {
    transport: Transport,
    decoder: Decoder,
    tracer: Tracer,
    features: Features,
    launch_options: LaunchOptions,
    files: Files,
    saved_states: SavedStates,
    /// The document whose next piece is likely to be asked for.
    begun_document: Option<BegunDocument>,
    /// The thread selected for registers and memory (`Hg`).
    general: Tid,
    /// The process of that thread, kept when the thread is gone.
    general_process: Tid,
    /// The threads selected for resuming by `c` and `s` (`Hc`).
    resumed: ThreadId,
    /// Threads that are stopped already and still to be reported in answer to `?`, last first.
    unsent_stops: Vec<(Tid, Tid)>,
    notifying: Notifying,
    /// All-stop mode: a resume is to be answered by a stop.
    owes_stop: bool,
    /// The last packet, should the client ask for it again.
    last_packet: Vec<u8>,
    /// Packets that are sent together before the next wait: one message wakes the client once.
    outgoing: Vec<u8>,
    /// The time of the last resume, until a quick stop was looked for.
    resumed_at: Option<Instant>,
    /// The time of the last stop sent, until the client has answered or seems in no hurry.
    stop_sent_at: Option<Instant>,
    is_finished: bool,
    /// Where another client is waited for, should this one die.
    successor: Option<Waiting>,
    /// Experience with spinning for hits that are not reported.
    hit_spinning: Spinning,
    /// Experience with spinning for the client's answer to a stop.
    answer_spinning: Spinning,
}

impl Server {
    /// Begins a session over a fresh connection.
    ///
    /// `inherits_stdio`: programs get the guard's own standard streams.
    pub fn new(transport: Transport, inherits_stdio: bool) -> Self {
        let mut tracer = Tracer::default();
        tracer.set_warden(warden::post);
        Self {
            transport,
            decoder: Decoder::default(),
            tracer,
            features: Features::new(!inherits_stdio),
            launch_options: LaunchOptions::new(inherits_stdio),
            files: Files::default(),
            saved_states: SavedStates::default(),
            begun_document: None,
            general: 0,
            general_process: 0,
            resumed: ThreadId::ALL,
            unsent_stops: Vec::new(),
            notifying: Notifying::No,
            owes_stop: false,
            last_packet: Vec::with_capacity(4096),
            outgoing: Vec::with_capacity(4096),
            resumed_at: None,
            stop_sent_at: None,
            is_finished: false,
            successor: None,
            hit_spinning: Spinning::new(Duration::from_micros(60)),
            answer_spinning: Spinning::new(Duration::from_micros(500)),
        }
    }

    /// Attaches to a process before the client asks for anything.
    ///
    /// # Errors
    /// A sentence that names the rule which refused.
    pub fn attach_first(&mut self, pid: Tid) -> Result<(), String> {
        self.tracer.attach(pid)
    }

    fn answer(&mut self, payload: &[u8]) -> io::Result<()> {
        debug!("<- {}", String::from_utf8_lossy(payload));
        let acknowledges = !self.features.no_ack;
        let reply = self.dispatch(payload);
        if acknowledges {
            self.outgoing.push(b'+');
        }
        self.send(reply)
    }

    fn send(&mut self, reply: Reply) -> io::Result<()> {
        let mut payload = Vec::new();
        let mut descriptor = None;
        match reply {
            Reply::Later => return Ok(()),
            Reply::Ok => payload.extend(b"OK"),
            Reply::Unsupported => {}
            Reply::Text(text) => payload.extend(text.into_bytes()),
            Reply::Binary(bytes) => packet::escape(&mut payload, &bytes),
            Reply::Error(text) => payload.extend(format!("E.{text}").into_bytes()),
            Reply::ErrorNumber(number) => payload.extend(format!("E{number:02x}").into_bytes()),
            Reply::Descriptor(fd) => {
                payload.extend(b"OK");
                descriptor = Some(fd);
            }
        }
        debug!("-> {}", String::from_utf8_lossy(&payload));
        self.last_packet.clear();
        packet::encode(&mut self.last_packet, &payload);
        if let Some(fd) = descriptor {
            // A descriptor travels with the first byte of its message.
            self.flush()?;
            return self
                .transport
                .send_with_fds(&self.last_packet, &[fd.as_raw_fd()]);
        }
        self.outgoing.extend_from_slice(&self.last_packet);
        Ok(())
    }

    /// Sends what has been put together.
    fn flush(&mut self) -> io::Result<()> {
        if !self.outgoing.is_empty() {
            self.transport.write_all(&self.outgoing)?;
            self.outgoing.clear();
        }
        Ok(())
    }

    fn dispatch(&mut self, payload: &[u8]) -> Reply {
        let Some((&first, rest)) = payload.split_first() else {
            return Reply::Unsupported;
        };
        match first {
            b'g' => self.read_all_registers(),
            b'G' => self.write_all_registers(rest),
            b'p' => self.read_one_register(rest),
            b'P' => self.write_one_register(rest),
            b'm' => self.read_memory(rest),
            b'x' => self.read_memory_binary(rest),
            b'M' => self.write_memory(rest),
            b'X' => self.write_memory_binary(rest),
            b'Z' => self.insert_breakpoint(rest),
            b'z' => self.remove_breakpoint(rest),
            b'H' => self.select_thread(rest),
            b'T' => self.is_thread_alive(rest),
            b'?' => self.report_current_stops(),
            b'c' | b'C' | b's' | b'S' => self.resume_plainly(first, rest),
            b'v' => self.dispatch_v(payload),
            b'q' | b'Q' => self.query(payload),
            b'D' => self.detach(rest),
            b'k' => self.kill_all(),
            b'!' => {
                self.features.extended = true;
                Reply::Ok
            }
            _ => Reply::Unsupported,
        }
    }

    fn dispatch_v(&mut self, payload: &[u8]) -> Reply {
        let text = String::from_utf8_lossy(payload);
        let name = text.split([';', ':', '?']).next().unwrap_or_default();
        match name {
            "vCont" if payload == b"vCont?" => Reply::Text("vCont;c;C;s;S;t;r".into()),
            "vCont" => self.resume(&payload[5..]),
            "vStopped" => self.acknowledge_stop(),
            "vCtrlC" => {
                self.interrupt();
                Reply::Ok
            }
            "vRun" => self.run_program(payload.get(5..).unwrap_or_default()),
            "vAttach" => self.attach(payload.get(8..).unwrap_or_default()),
            "vFile" => match self.files.answer(payload.get(6..).unwrap_or_default()) {
                Some(reply) => Reply::Binary(reply),
                None => Reply::Unsupported,
            },
            "vKill" => self.kill(payload.get(6..).unwrap_or_default()),
            _ => Reply::Unsupported,
        }
    }

    /// Returns the process that memory, traps and queries are about.
    fn current_process(&self) -> Option<Tid> {
        let by_thread = self.tracer.process_of(self.general);
        let pid = by_thread.unwrap_or(self.general_process);
        if self.tracer.is_visible(pid) {
            Some(pid)
        } else {
            self.tracer.visible_processes().first().copied()
        }
    }

    /// Makes a thread the current one.
    fn select(&mut self, tid: Tid) {
        self.general = tid;
        if let Some(pid) = self.tracer.process_of(tid) {
            self.general_process = pid;
        }
    }
}
