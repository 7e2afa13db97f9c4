//! The one wait of the guard: for the client and for signals.
//!
//! Packets are answered at once; stops are sent as notifications (non-stop mode) or as the
//! late answer to a resume (all-stop mode).  Before it sleeps, the loop looks a moment for what
//! is likely to come: being woken takes longer than most stops do.

use std::io;
use std::os::fd::RawFd;
use std::time::{Duration, Instant};

use log::{info, warn};
use nix::errno::Errno;

use super::Server;
use super::packet::Incoming;
use crate::os::signal_queue::SignalQueue;

/// The reason why a session ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    /// The client has closed the connection.
    Closed,
    /// It has detached from, or killed, all there was, and wants nothing else.
    Finished,
    /// The guard was asked to end.
    Signal,
}

impl Server {
    /// Serves the client to its end, then detaches from all programs or ends them.
    pub fn serve(&mut self, signals: &SignalQueue) -> io::Result<()> {
        self.tracer.choices_mut().one_report = true;
        let mut ending = self.run(signals);
        // The client has gone without a word, or is not to be reached.
        while matches!(ending, Ok(Ending::Closed) | Err(_)) {
            self.put_back_saved_states();
            if !self.find_successor(signals) {
                break;
            }
            self.tracer.choices_mut().one_report = true;
            ending = self.run(signals);
        }
        info!("session over: {ending:?}");
        self.tracer.end_session();
        ending.map(drop)
    }

    fn run(&mut self, signals: &SignalQueue) -> io::Result<Ending> {
        let mut buffer = vec![0; 64 * 1024];
        loop {
            if self.tracer.shares_cpu() || self.tracer.has_unreaped() {
                if !self.tracer.has_unreaped() {
                    self.spin_for_hits();
                }
                self.tracer.drain();
                self.send_stops()?;
            }
            self.spin_for_quick_stop()?;
            self.flush()?;
            let (is_readable, is_signalled) = self.wait(signals)?;
            if is_signalled && signals.drain()? {
                return Ok(Ending::Signal);
            }
            if is_signalled {
                self.tracer.drain();
                self.send_stops()?;
            }
            if is_readable {
                match self.transport.read(&mut buffer)? {
                    None => {}
                    Some(0) => return Ok(Ending::Closed),
                    Some(count) => self.decoder.feed(&buffer[..count]),
                }
                if !self.answer_incoming(signals)? {
                    return Ok(Ending::Closed);
                }
            }
            if self.is_finished {
                self.flush()?;
                return Ok(Ending::Finished);
            }
        }
    }

    /// Answers every complete packet; `false` when the bytes are not the remote protocol.
    fn answer_incoming(&mut self, signals: &SignalQueue) -> io::Result<bool> {
        while let Some(incoming) = self.decoder.next() {
            match incoming {
                Ok(Incoming::Packet(payload)) => self.answer(&payload)?,
                Ok(Incoming::Ack) => {}
                Ok(Incoming::Nack) => self.outgoing.extend_from_slice(&self.last_packet),
                Ok(Incoming::Interrupt) => self.interrupt(),
                Err(error) => {
                    warn!("not the remote protocol: {error}");
                    return Ok(false);
                }
            }
            // A command may have made stops of its own, or waited and seen some.
            if self.tracer.has_unreaped() || signals.is_readable()? {
                self.tracer.drain();
            } else {
                self.tracer.settle();
            }
            self.send_stops()?;
        }
        Ok(true)
    }

    /// Looks for the next hit of a thread that shares our CPU: it comes sooner than sleeping
    /// and being woken would take.
    fn spin_for_hits(&mut self) {
        /// The longest that the client may have to wait for it.
        const AT_MOST: Duration = Duration::from_micros(500);
        const LOOKS: u32 = 20;
        if !self.hit_spinning.pays() {
            return;
        }
        let start = Instant::now();
        let (mut looks, mut hits) = (0, 0);
        while looks < LOOKS
            && start.elapsed() < AT_MOST
            && self.tracer.reports().is_empty()
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

    /// Looks a moment after a resume for the stop that often follows at once (a step, a
    /// breakpoint around the corner), so that reply and stop are sent together and nobody has
    /// to be woken for them.
    fn spin_for_quick_stop(&mut self) -> io::Result<()> {
        const AT_MOST: Duration = Duration::from_micros(30);
        let Some(start) = self.resumed_at.take() else {
            return Ok(());
        };
        while self.tracer.reports().is_empty() && start.elapsed() < AT_MOST {
            std::thread::yield_now();
            self.tracer.drain();
        }
        self.send_stops()
    }

    /// Waits for the client or a signal; returns which of them there is.
    fn wait(&mut self, signals: &SignalQueue) -> io::Result<(bool, bool)> {
        let fds = [self.transport.poll_fd(), signals.poll_fd()];
        let mut ready = self.spin_for_answer(fds)?;
        if ready == [false; 2] {
            ready = poll(fds, if self.tracer.has_unreaped() { 0 } else { -1 })?;
        }
        if ready[0] {
            self.stop_sent_at = None;
        }
        Ok((ready[0], ready[1]))
    }

    /// Looks a while after a stop was sent for the client's next packet: a debugger that only
    /// counts or steps on answers sooner than a sleeper is woken.
    fn spin_for_answer(&mut self, fds: [RawFd; 2]) -> io::Result<[bool; 2]> {
        const AT_MOST: Duration = Duration::from_micros(200);
        let Some(sent_at) = self.stop_sent_at else {
            return Ok([false; 2]);
        };
        if !self.answer_spinning.pays() {
            self.stop_sent_at = None;
            return Ok([false; 2]);
        }
        let start = Instant::now();
        while sent_at.elapsed() < AT_MOST {
            let ready = poll(fds, 0)?;
            if ready != [false; 2] {
                self.answer_spinning.spent(start.elapsed(), 1);
                return Ok(ready);
            }
            std::thread::yield_now();
        }
        // No answer in time is no failure: people take longer.  Only yields that do not come
        // back are.
        self.stop_sent_at = None;
        self.answer_spinning.spent(start.elapsed(), 1);
        Ok([false; 2])
    }
}

/// Returns which of two descriptors can be read, waiting for one of them up to `timeout` ms.
pub(super) fn poll(fds: [RawFd; 2], timeout: i32) -> io::Result<[bool; 2]> {
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
