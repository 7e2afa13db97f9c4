//! `QSaveRegisterState` and `QRestoreRegisterState`, as LLDB's server has them: a client that
//! lets a thread run something else puts it back afterwards as if nothing had happened.

use std::collections::HashMap;

use log::warn;

use super::{Reply, Server};
use crate::trace::saved_state::SavedState;

/// The most saved states: a client that forgets to restore must not make the guard grow.
const MOST: usize = 256;

/// Saved states by the numbers the client knows them by.
#[derive(Default)]
pub struct SavedStates {
    by_number: HashMap<u32, SavedState>,
    last: u32,
}

impl Server {
    /// `QSaveRegisterState`: answers a decimal number above 0.
    pub(super) fn save_registers(&mut self) -> Reply {
        if self.saved_states.by_number.len() >= MOST {
            return Reply::Error(format!("{MOST} register states are saved already"));
        }
        match self.tracer.save_state(self.general) {
            Ok(state) => {
                self.saved_states.last += 1;
                let number = self.saved_states.last;
                self.tracer.note_saved(&state, u64::from(number));
                self.saved_states.by_number.insert(number, state);
                Reply::Text(number.to_string())
            }
            Err(text) => Reply::Error(text),
        }
    }

    /// Puts every saved state back, the oldest last: nobody is left to do so, and a thread that
    /// returns from a call that nobody waits for would start the program over.
    pub(super) fn put_back_saved_states(&mut self) {
        let mut states: Vec<_> = self.saved_states.by_number.drain().collect();
        states.sort_by_key(|(number, _)| std::cmp::Reverse(*number));
        for (number, state) in states {
            let tid = state.tid();
            let Some(pid) = self.tracer.process_of(tid) else {
                continue;
            };
            self.tracer.begin_stop(pid);
            if let Err(text) = self.tracer.restore_state(state) {
                warn!("{text}");
            }
            self.tracer.forget_saved(tid, u64::from(number));
            self.tracer.finish_stop(pid);
        }
    }

    /// `QRestoreRegisterState:NUMBER`: puts a state back and forgets it.
    pub(super) fn restore_registers(&mut self, rest: &str) -> Reply {
        let number = rest.parse().ok();
        let state = number.and_then(|number: u32| self.saved_states.by_number.remove(&number));
        match state {
            Some(state) => {
                let tid = state.tid();
                let restored = self.tracer.restore_state(state);
                self.tracer.forget_saved(tid, number.map_or(0, u64::from));
                restored.into()
            }
            None => Reply::Error(format!("there is no saved register state {rest}")),
        }
    }
}
