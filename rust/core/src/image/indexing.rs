//! The index of all names, built in the background or when it is first needed.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::Image;
use crate::die::DieId;
use crate::dwarf::{DebugInfo, NameIndex, NameKind, Variable};
use crate::error::Result;
use crate::monitor::Monitor;

/// Time between two looks at whether somebody still waits for the index.
const PATIENCE: Duration = Duration::from_millis(50);

/// Kind of names that completion offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CompletionKind {
    /// Functions.
    Function,
    /// Types.
    Type,
    /// Statics.
    Static,
}

/// The index of names and the thread that builds it.
#[derive(Debug, Default)]
pub(crate) struct Indexing {
    index: OnceLock<NameIndex>,
    is_started: AtomicBool,
    monitor: Monitor,
    is_done: Mutex<bool>,
    done: Condvar,
}

impl Indexing {
    fn finish(&self) {
        *self.is_done.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.done.notify_all();
    }
}

/// Marks the index as done even if building it panicked, so that nobody waits for ever.
struct FinishOnDrop<'a>(&'a Indexing);

impl Drop for FinishOnDrop<'_> {
    fn drop(&mut self) {
        self.0.finish();
    }
}

impl Image {
    /// Begins to index all names on background threads; harmless to repeat.
    pub fn start_indexing(self: &Arc<Self>) {
        if self.indexing.is_started.swap(true, Ordering::Relaxed) {
            return;
        }
        let image = Arc::clone(self);
        let spawned = thread::Builder::new()
            .name(String::from("crabtrap-index"))
            .spawn(move || {
                let _finish = FinishOnDrop(&image.indexing);
                image.names();
            });
        if let Err(error) = spawned {
            // Whoever needs the index builds it then.
            self.problems
                .add(format!("indexing in the background: {error}"));
            self.indexing.finish();
        }
    }

    /// Waits for the index; `false` when `timeout` ran out.  Starts it if need be.
    pub fn wait_indexed(self: &Arc<Self>, timeout: Option<Duration>) -> bool {
        self.start_indexing();
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let state = &self.indexing;
        let mut is_done = state.is_done.lock().unwrap_or_else(PoisonError::into_inner);
        while !*is_done {
            let Some(deadline) = deadline else {
                is_done = state
                    .done
                    .wait(is_done)
                    .unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            is_done = match state.done.wait_timeout(is_done, left) {
                Ok((guard, _)) => guard,
                Err(poisoned) => poisoned.into_inner().0,
            };
        }
        true
    }

    /// Gives up indexing: nobody will ask for names any more.
    pub fn stop_indexing(&self) {
        self.indexing.monitor.request_end();
    }

    /// Waits for the index as a search that can be given up; what it has is then found at once.
    ///
    /// # Errors
    /// [`crate::Error::Cancelled`] where it was.
    pub fn await_names(self: &Arc<Self>, monitor: &Monitor) -> Result<()> {
        if self.debug().is_some() {
            while !self.is_indexed() && !self.wait_indexed(Some(PATIENCE)) {
                monitor.check()?;
                monitor.follow(&self.indexing.monitor);
            }
        }
        Ok(())
    }

    /// Types whose path ends with `query`, one of those that agree in path and size.
    pub fn find_types(&self, query: &str) -> Vec<DieId> {
        self.with_names(|info, names| info.find_types(names, query))
    }

    /// Statics, thread-locals included, whose path ends with `query`.
    pub fn find_statics(&self, query: &str) -> Vec<Variable> {
        self.with_names(|info, names| info.find_statics(names, query))
    }

    /// The static or vtable whose storage begins at `address`.
    pub fn static_at(&self, address: u64) -> Option<Variable> {
        self.with_names(|info, names| info.static_at(names, address))
    }

    /// Trailing parts of paths that begin with `prefix`, sorted.
    pub fn complete(
        self: &Arc<Self>,
        prefix: &str,
        kinds: &[CompletionKind],
        limit: usize,
        monitor: &Monitor,
    ) -> Result<Vec<String>> {
        let kinds: Vec<NameKind> = kinds
            .iter()
            .map(|kind| match kind {
                CompletionKind::Function => NameKind::Function,
                CompletionKind::Type => NameKind::Type,
                CompletionKind::Static => NameKind::Static,
            })
            .collect();
        self.search_names(monitor, |info, names| {
            let found = names.complete(prefix, &kinds, limit);
            // All names were looked at.
            info.release_strings(0..usize::MAX);
            Ok(found)
        })
    }

    /// Whether the index is there to be asked.
    pub fn is_indexed(&self) -> bool {
        self.indexing.index.get().is_some()
    }

    /// Asks the index of names something, once it is there; the default without debug information.
    pub(super) fn search_names<T: Default>(
        self: &Arc<Self>,
        monitor: &Monitor,
        ask: impl FnOnce(&DebugInfo, &NameIndex) -> Result<T>,
    ) -> Result<T> {
        self.await_names(monitor)?;
        self.with_names(|info, names| Some(ask(info, names)))
            .unwrap_or_else(|| Ok(T::default()))
    }

    /// Asks the index of names something, if there is debug information.
    fn with_names<T: Default>(&self, ask: impl FnOnce(&DebugInfo, &NameIndex) -> T) -> T {
        match (self.debug(), self.names()) {
            (Some(info), Some(names)) => ask(info, names),
            _ => T::default(),
        }
    }

    /// The index of names, built now or waited for if a thread is building it.
    fn names(&self) -> Option<&NameIndex> {
        let info = self.debug()?;
        let build = || NameIndex::build(info, &self.indexing.monitor);
        Some(self.indexing.index.get_or_init(build))
    }
}
