//! Setting threads going, and asking them to stop.

use log::{debug, warn};
use nix::errno::Errno;

use crate::os::ptrace::{self, Tid};
use crate::trace::tracer::{Action, Intent, PtraceStop, Reason, Tracer};

/// What one thread is to do.
#[derive(Clone, Copy, Debug)]
pub struct Order {
    /// Thread.
    pub tid: Tid,
    /// How it is to run.
    pub action: Action,
    /// Signal to deliver, or 0.
    pub signal: i32,
}

impl Tracer {
    /// Carries out the client's orders; those for threads that go already are ignored.
    pub fn resume(&mut self, orders: &[Order]) {
        let stands = |tid| {
            self.threads
                .get(&tid)
                .is_some_and(|t| t.intent == Intent::Stopped)
        };
        let mut orders: Vec<Order> = orders.iter().copied().filter(|o| stands(o.tid)).collect();
        for order in &orders {
            self.accept(order);
        }
        for order in &orders {
            let Some(pid) = self.threads.get(&order.tid).map(|thread| thread.pid) else {
                continue;
            };
            self.insert_traps(pid);
        }
        // Who was told of last starts last: a hot thread must not starve the others.
        orders.sort_by_key(|order| {
            self.threads
                .get(&order.tid)
                .map(|thread| thread.reported_at)
        });
        for order in &orders {
            self.resume_unless_stopped(order.tid);
        }
    }

    fn accept(&mut self, order: &Order) {
        let Some(thread) = self.threads.get_mut(&order.tid) else {
            return;
        };
        thread.intent = Intent::Running(order.action);
        thread.stepping = false;
        let told = thread.stop_pc.take();
        if let (Some(told), Ok(registers)) = (told, thread.registers()) {
            let pc = registers.rip;
            // Told means the client knows it is here: it does not want to hear so again.
            // Parked means it does not: whatever signal it carries was not told either.
            if told == pc {
                thread.steps_over = Some(pc);
            }
            thread.deliver = 0;
        }
        if order.signal != 0 {
            if matches!(thread.ptrace_stop, Some(PtraceStop::Signal(_))) {
                thread.deliver = order.signal;
            } else if let Err(error) = ptrace::send_signal(thread.pid, thread.tid, order.signal) {
                // Only a signal-delivery stop can be resumed with one (man ptrace).
                debug!("signal {} for {}: {error}", order.signal, thread.tid);
            } else {
                thread.injected = order.signal;
            }
        }
    }

    /// Puts the traps in that a process is to run with.
    pub fn insert_traps(&mut self, pid: Tid) {
        let space = self.address_space_of(pid);
        if let Some(process) = self.processes.get_mut(&space)
            && !process.sites.is_active()
        {
            for address in process.sites.insert_all(&process.memory) {
                debug!("no trap at {address:#x} of {space} now");
            }
        }
    }

    /// Lets a held thread run by its intent.
    pub fn resume_thread(&mut self, tid: Tid) {
        match self.try_resume_thread(tid) {
            Ok(()) => {}
            // It was killed; its end will be reaped.
            Err(Errno::ESRCH) => {
                if let Some(thread) = self.threads.get_mut(&tid) {
                    thread.ptrace_stop = None;
                }
            }
            Err(error) => warn!("resuming {tid}: {error}"),
        }
    }

    fn try_resume_thread(&mut self, tid: Tid) -> ptrace::Result<()> {
        let Some(thread) = self.threads.get_mut(&tid) else {
            return Ok(());
        };
        if thread.ptrace_stop.is_none() {
            return Ok(());
        }
        if let Some(address) = thread.steps_over {
            if thread.registers()?.rip != address {
                thread.steps_over = None;
            } else if !self.step_over_site(tid, address)? {
                return Ok(());
            }
        }
        self.hand_to_kernel(tid)
    }

    /// Hands the thread back to the kernel.
    pub fn hand_to_kernel(&mut self, tid: Tid) -> ptrace::Result<()> {
        let Some(thread) = self.threads.get_mut(&tid) else {
            return Ok(());
        };
        let Some(process) = self.processes.get(&thread.pid) else {
            return Ok(());
        };
        if thread.watch_generation != process.watches.generation() {
            process.watches.write(tid)?;
            thread.watch_generation = process.watches.generation();
        }
        if thread.intent != Intent::Running(Action::Continue) {
            thread.stepped_from = thread.registers()?.rip;
        }
        thread.flush()?;
        thread.forget_registers();
        let signal = std::mem::take(&mut thread.deliver);
        if let Some(info) = thread.saved_siginfo.take()
            && info.si_signo == signal
        {
            ptrace::write_siginfo(tid, &info)?;
        }
        let action = match thread.intent {
            Intent::Running(action) => action,
            Intent::Stopped => Action::Continue,
        };
        let hold = thread.ptrace_stop.take();
        thread.in_vfork = std::mem::take(&mut thread.enters_vfork);
        thread.stepping = action != Action::Continue;
        match action {
            Action::Step | Action::RangeStep { .. } => ptrace::single_step(tid, signal),
            Action::Continue if hold == Some(PtraceStop::Group) => ptrace::listen(tid),
            Action::Continue if process.system_calls.is_some() => {
                ptrace::cont_to_syscall(tid, signal)
            }
            Action::Continue => ptrace::cont(tid, signal),
        }
    }

    /// Asks threads to stop; each stop is told.  With `stop_all` one tells of all.
    pub fn stop(&mut self, tids: &[Tid]) {
        let mut asked = Vec::new();
        for &tid in tids {
            let Some(thread) = self.threads.get_mut(&tid) else {
                continue;
            };
            if thread.intent == Intent::Stopped || asked.contains(&thread.pid) {
                continue;
            }
            if thread.ptrace_stop.is_some() {
                self.report(tid, Reason::Interrupt);
                continue;
            }
            thread.wants_stop = true;
            match ptrace::interrupt(tid) {
                Ok(()) | Err(Errno::ESRCH) => {}
                Err(error) => warn!("interrupting {tid}: {error}"),
            }
            if self.choices.stop_all && thread.is_running() {
                asked.push(thread.pid);
            }
        }
    }

    /// Notes that a stopped thread's pc was changed by the client.
    pub fn pc_changed(&mut self, tid: Tid) {
        if let Some(thread) = self.threads.get_mut(&tid) {
            thread.steps_over = None;
        }
    }

    /// Brings running threads' debug registers up to date by stopping them for a moment.
    ///
    /// Threads that stand are brought up to date when they next run.
    pub fn refresh_watches(&mut self, pid: Tid) {
        for tid in self.threads_of(pid) {
            if self
                .threads
                .get(&tid)
                .is_some_and(crate::trace::tracer::Thread::is_running)
            {
                // The stop is nobody's wish, so the thread goes on at once, refreshed.
                match ptrace::interrupt(tid) {
                    Ok(()) | Err(Errno::ESRCH) => {}
                    Err(error) => warn!("interrupting {tid}: {error}"),
                }
            }
        }
    }
}
