//! Somebody who waits for a search: sees how far it is, and may give it up.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::error::{Error, Result};

/// What a search and whoever waits for it, in another thread, tell each other.
///
/// The unit of the progress is the search's own: bytes, symbols, units.
#[derive(Debug, Default)]
pub struct Monitor {
    end_wanted: AtomicBool,
    done: AtomicUsize,
    total: AtomicUsize,
}

impl Monitor {
    /// Asks for the end of every search that looks here.
    pub fn request_end(&self) {
        self.end_wanted.store(true, Ordering::Relaxed);
    }

    /// How much is done and how much there is to do; zeros where that is not known.
    pub fn progress(&self) -> (usize, usize) {
        let total = self.total.load(Ordering::Relaxed);
        (self.done.load(Ordering::Relaxed).min(total), total)
    }

    /// Whether the end was asked for.
    pub(crate) fn is_end_wanted(&self) -> bool {
        self.end_wanted.load(Ordering::Relaxed)
    }

    /// Ends a search whose end was asked for.
    ///
    /// # Errors
    /// [`Error::Cancelled`] where it was.
    pub(crate) fn check(&self) -> Result<()> {
        if self.is_end_wanted() {
            return Err(Error::Cancelled);
        }
        Ok(())
    }

    /// Begins a part of the search, of which `total` is to be done.
    pub(crate) fn begin(&self, total: usize) {
        self.done.store(0, Ordering::Relaxed);
        self.total.store(total, Ordering::Relaxed);
    }

    /// Notes that `more` is done.
    pub(crate) fn advance(&self, more: usize) {
        self.done.fetch_add(more, Ordering::Relaxed);
    }

    /// Shows the progress of what another one is about.
    pub(crate) fn follow(&self, other: &Self) {
        let (done, total) = other.progress();
        self.done.store(done, Ordering::Relaxed);
        self.total.store(total, Ordering::Relaxed);
    }
}
