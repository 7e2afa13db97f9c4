//! The GDB remote protocol, as one client speaks it with us.
//!
//! One loop waits on the client and on signals.  Packets are answered at once; stops are told
//! as notifications (non-stop mode) or as the late answer to a resume (all-stop mode).

mod breakpoints;
mod features;
mod files;
mod launch;
mod libraries;
mod memory;
mod packet;
mod query;
mod register_state;
mod reply;
mod resume;
mod spinning;
mod thread_id;
pub mod transport;

use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::time::{Duration, Instant};

use log::{debug, info, warn};
use nix::errno::Errno;

use crate::os::ptrace::Tid;
use crate::trace::tracer::Tracer;

use features::Features;
use files::Files;
use launch::LaunchOptions;
use packet::{Decoder, Incoming};
use register_state::States;
use spinning::Spinning;
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

/// Why a session ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The client has gone.
    Closed,
    /// It has detached, ended or killed all there was, and wants nothing else.
    Finished,
    /// We were told to end.
    Signal,
}

/// One client's session.
pub struct Server {
    transport: Transport,
    decoder: Decoder,
    tracer: Tracer,
    features: Features,
    launch_options: LaunchOptions,
    files: Files,
    states: States,
    /// Thread for registers and memory (`Hg`).
    general: Tid,
    /// Process that thread belongs to, kept when the thread is gone.
    general_process: Tid,
    /// Stops to be told of threads that stand already, for `?`.
    stops_to_repeat: Vec<(Tid, Tid)>,
    /// A `%Stop` is out, and `vStopped` has not emptied the queue yet.
    notifying: bool,
    /// All-stop mode: a resume is to be answered by a stop.
    owes_stop: bool,
    /// The last packet, should the client ask for it again.
    last_packet: Vec<u8>,
    /// What is to be sent before anything is waited for: one message wakes the client once.
    outgoing: Vec<u8>,
    /// When the program was set going, until a quick stop was looked for.
    resumed_at: Option<Instant>,
    /// When a stop was told, until the client has answered or seems to be in no hurry.
    reported_at: Option<Instant>,
    finished: bool,
    /// For hits of hot threads.
    hit_spinning: Spinning,
    /// For the client's answer to a stop.
    answer_spinning: Spinning,
}

impl Server {
    /// A session over a fresh connection.
    pub fn new(transport: Transport, inherits_stdio: bool) -> Self {
        Self {
            transport,
            decoder: Decoder::default(),
            tracer: Tracer::default(),
            features: Features {
                extended: !inherits_stdio,
                ..Features::default()
            },
            launch_options: LaunchOptions::new(inherits_stdio),
            files: Files::default(),
            states: States::default(),
            general: 0,
            general_process: 0,
            stops_to_repeat: Vec::new(),
            notifying: false,
            owes_stop: false,
            last_packet: Vec::with_capacity(4096),
            outgoing: Vec::with_capacity(4096),
            resumed_at: None,
            reported_at: None,
            finished: false,
            hit_spinning: Spinning::new(Duration::from_micros(60)),
            answer_spinning: Spinning::new(Duration::from_micros(500)),
        }
    }

    /// What is traced.
    pub fn tracer(&mut self) -> &mut Tracer {
        &mut self.tracer
    }

    /// Serves the client to its end, then parts with all programs.
    ///
    /// `signals` is a signalfd for `SIGCHLD` and the signals that end us.
    pub fn serve(&mut self, signals: &OwnedFd) -> io::Result<Ending> {
        self.tracer.choices.one_report = true;
        let ending = self.run(signals);
        info!("session over: {ending:?}");
        self.tracer.end_session();
        ending
    }

    fn run(&mut self, signals: &OwnedFd) -> io::Result<Ending> {
        let mut buffer = vec![0; 64 * 1024];
        loop {
            if self.tracer.shares_cpu() || self.tracer.has_unreaped {
                self.await_hits();
                self.tracer.drain();
                self.report_stops()?;
            }
            self.await_quick_stop()?;
            self.flush()?;
            let (readable, signalled) = self.wait(signals)?;
            if signalled && take_signals(signals)? {
                return Ok(Ending::Signal);
            }
            if signalled {
                self.tracer.drain();
                self.report_stops()?;
            }
            if readable {
                match self.transport.read(&mut buffer)? {
                    None => {}
                    Some(0) => return Ok(Ending::Closed),
                    Some(count) => self.decoder.feed(&buffer[..count]),
                }
                if !self.handle_incoming()? {
                    return Ok(Ending::Closed);
                }
            }
            if self.finished {
                self.flush()?;
                return Ok(Ending::Finished);
            }
        }
    }

    /// Stays with hot threads for a while: their next hit comes sooner than sleeping and
    /// being woken would take.
    fn await_hits(&mut self) {
        /// How long the client may have to wait for it.
        const AT_MOST: Duration = Duration::from_micros(500);
        const LOOKS: u32 = 20;
        if !self.hit_spinning.pays() {
            return;
        }
        let start = Instant::now();
        let (mut looks, mut hits) = (0, 0);
        while looks < LOOKS
            && start.elapsed() < AT_MOST
            && self.tracer.reports.is_empty()
            && self.tracer.shares_cpu()
        {
            std::thread::yield_now();
            if self.tracer.reap_one() {
                hits += 1;
                looks = 0;
            } else {
                looks += 1;
            }
        }
        self.hit_spinning.spent(start.elapsed(), hits);
    }

    /// After a resume, looks a moment for the stop that often follows at once (a step, a
    /// breakpoint around the corner), so that reply and stop go out together and nobody
    /// has to be woken for them.
    fn await_quick_stop(&mut self) -> io::Result<()> {
        const AT_MOST: Duration = Duration::from_micros(30);
        let Some(start) = self.resumed_at.take() else {
            return Ok(());
        };
        while self.tracer.reports.is_empty() && start.elapsed() < AT_MOST {
            std::thread::yield_now();
            self.tracer.drain();
        }
        self.report_stops()
    }

    /// Waits for the client or a signal; says which of them there is.
    fn wait(&mut self, signals: &OwnedFd) -> io::Result<(bool, bool)> {
        let fds = [self.transport.poll_fd(), signals.as_raw_fd()];
        let mut ready = self.await_quick_answer(fds)?;
        if ready == [false; 2] {
            ready = poll(fds, if self.tracer.has_unreaped { 0 } else { -1 })?;
        }
        if ready[0] {
            self.reported_at = None;
        }
        Ok((ready[0], ready[1]))
    }

    /// After a stop was told, looks a while for what the client makes of it: a debugger that
    /// only counts or steps on answers sooner than a sleeper is woken.
    fn await_quick_answer(&mut self, fds: [RawFd; 2]) -> io::Result<[bool; 2]> {
        const AT_MOST: Duration = Duration::from_micros(200);
        let Some(told) = self.reported_at else {
            return Ok([false; 2]);
        };
        if !self.answer_spinning.pays() {
            self.reported_at = None;
            return Ok([false; 2]);
        }
        let start = Instant::now();
        while told.elapsed() < AT_MOST {
            let ready = poll(fds, 0)?;
            if ready != [false; 2] {
                self.answer_spinning.spent(start.elapsed(), 1);
                return Ok(ready);
            }
            std::thread::yield_now();
        }
        // No answer in time is no failure: people take longer.  Only yields that do not come
        // back are.
        self.reported_at = None;
        self.answer_spinning.spent(start.elapsed(), 1);
        Ok([false; 2])
    }

    fn handle_incoming(&mut self) -> io::Result<bool> {
        while let Some(incoming) = self.decoder.next() {
            match incoming {
                Ok(Incoming::Packet(payload)) => self.handle_packet(&payload)?,
                Ok(Incoming::Ack) => {}
                Ok(Incoming::Nack) => self.outgoing.extend_from_slice(&self.last_packet),
                Ok(Incoming::Interrupt) => self.interrupt(),
                Err(error) => {
                    warn!("not the remote protocol: {error}");
                    return Ok(false);
                }
            }
            // A command may have made stops of its own, or waited and seen some.
            self.tracer.drain();
            self.report_stops()?;
        }
        Ok(true)
    }

    fn handle_packet(&mut self, payload: &[u8]) -> io::Result<()> {
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
            b'?' => self.repeat_stops(),
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
            "vStopped" => self.next_stop(),
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

    /// The process that memory, traps and queries are about.
    fn current_process(&self) -> Option<Tid> {
        let by_thread = self
            .tracer
            .threads
            .get(&self.general)
            .map(|thread| thread.pid);
        let pid = by_thread.unwrap_or(self.general_process);
        let visible = |pid: &Tid| self.tracer.processes.get(pid).is_some_and(|p| !p.is_hidden);
        Some(pid)
            .filter(visible)
            .or_else(|| self.visible_processes().first().copied())
    }

    /// Processes the client knows, ascending.
    fn visible_processes(&self) -> Vec<Tid> {
        let processes = self.tracer.processes.values();
        let mut pids: Vec<Tid> = processes.filter(|p| !p.is_hidden).map(|p| p.pid).collect();
        pids.sort_unstable();
        pids
    }

    /// Makes a thread the current one.
    fn select(&mut self, tid: Tid) {
        self.general = tid;
        if let Some(thread) = self.tracer.threads.get(&tid) {
            self.general_process = thread.pid;
        }
    }
}

/// Which of two descriptors can be read, waiting for one of them up to `timeout` ms.
fn poll(fds: [RawFd; 2], timeout: i32) -> io::Result<[bool; 2]> {
    let mut entries = fds.map(|fd| libc::pollfd {
        fd,
        events: libc::POLLIN,
        revents: 0,
    });
    // SAFETY: the array is as long as stated.
    let count = unsafe { libc::poll(entries.as_mut_ptr(), 2, timeout) };
    if count == -1 && Errno::last() != Errno::EINTR {
        return Err(io::Error::last_os_error());
    }
    Ok(entries.map(|entry| entry.revents != 0))
}

/// Empties the signalfd; `true` when one of them ends us.
fn take_signals(signals: &OwnedFd) -> io::Result<bool> {
    let mut ends = false;
    loop {
        // SAFETY: the structure is plain data.
        let mut info = unsafe { std::mem::zeroed::<libc::signalfd_siginfo>() };
        let size = std::mem::size_of::<libc::signalfd_siginfo>();
        // SAFETY: the buffer is as large as stated.
        let count = unsafe { libc::read(signals.as_raw_fd(), (&raw mut info).cast(), size) };
        if count == -1 {
            return match Errno::last() {
                Errno::EAGAIN => Ok(ends),
                Errno::EINTR => continue,
                error => Err(error.into()),
            };
        }
        ends |= info.ssi_signo as i32 != libc::SIGCHLD;
    }
}
