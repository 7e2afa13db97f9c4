//! `QSaveRegisterState` and `QRestoreRegisterState`, as LLDB's server has them: a client that
//! lets a thread run something else puts it back afterwards as if nothing had happened.

use std::collections::HashMap;

use super::{Reply, Server};
use crate::os::ptrace::{self, Tid};
use crate::trace::tracer::PtraceStop;

/// A client that forgets to restore must not make us grow.
const MOST: usize = 256;

/// Everything of a stopped thread that running something else may change.
struct State {
    tid: Tid,
    general: libc::user_regs_struct,
    /// The whole XSAVE area: what `g` does not carry (AVX-512, protection keys) is in it.
    extended: Vec<u8>,
    /// Blocked signals; the kernel unblocks `SIGTRAP` where a blocked one is raised.
    mask: u64,
    stop_pc: Option<u64>,
    /// Of the signal the thread was stopped with, which is delivered only later.
    siginfo: Option<libc::siginfo_t>,
}

/// Saved states by the number the client knows them by.
#[derive(Default)]
pub struct States {
    saved: HashMap<u32, State>,
    last: u32,
}

impl Server {
    /// `QSaveRegisterState`: answers a decimal number above 0.
    pub(super) fn save_registers(&mut self) -> Reply {
        if self.states.saved.len() >= MOST {
            return Reply::Error(format!("{MOST} register states are saved already"));
        }
        match self.read_state() {
            Ok(state) => {
                self.states.last += 1;
                self.states.saved.insert(self.states.last, state);
                Reply::Text(self.states.last.to_string())
            }
            Err(text) => Reply::Error(text),
        }
    }

    /// `QRestoreRegisterState:NUMBER`: puts a state back and forgets it.
    pub(super) fn restore_registers(&mut self, rest: &str) -> Reply {
        let state = rest
            .parse()
            .ok()
            .and_then(|number: u32| self.states.saved.remove(&number));
        let Some(state) = state else {
            return Reply::Error(format!("there is no saved register state {rest}"));
        };
        self.write_state(state).into()
    }

    fn read_state(&mut self) -> Result<State, String> {
        let tid = self.general;
        let thread = match self.tracer.threads.get_mut(&tid) {
            Some(thread) if thread.ptrace_stop.is_some() => thread,
            Some(_) => return Err(format!("thread {tid} is running")),
            None => return Err("no thread is selected".into()),
        };
        let describe = |error: nix::errno::Errno| format!("state of {tid}: {}", error.desc());
        let stopped_by_signal =
            matches!(thread.ptrace_stop, Some(PtraceStop::Signal(signal)) if signal != 0);
        let siginfo = match thread.saved_siginfo {
            None if stopped_by_signal => Some(ptrace::read_siginfo(tid).map_err(describe)?),
            saved => saved,
        };
        Ok(State {
            tid,
            general: *thread.registers().map_err(describe)?,
            extended: ptrace::read_xstate(tid).map_err(describe)?,
            mask: ptrace::read_signal_mask(tid).map_err(describe)?,
            stop_pc: thread.stop_pc,
            siginfo,
        })
    }

    fn write_state(&mut self, mut state: State) -> Result<(), String> {
        let tid = state.tid;
        let thread = match self.tracer.threads.get_mut(&tid) {
            Some(thread) if thread.ptrace_stop.is_some() => thread,
            Some(_) => return Err(format!("thread {tid} is running")),
            None => return Err(format!("thread {tid} is gone")),
        };
        let describe = |error: nix::errno::Errno| format!("state of {tid}: {}", error.desc());
        ptrace::write_xstate(tid, &mut state.extended).map_err(describe)?;
        ptrace::write_signal_mask(tid, state.mask).map_err(describe)?;
        *thread.registers().map_err(describe)? = state.general;
        thread.touch_registers();
        thread.flush().map_err(describe)?;
        thread.steps_over = None;
        thread.stop_pc = state.stop_pc;
        thread.saved_siginfo = state.siginfo;
        Ok(())
    }
}
