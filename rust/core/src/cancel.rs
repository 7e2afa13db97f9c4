//! Giving up a search that takes too long for somebody who waits for it.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::{Error, Result};

/// A wish, expressed by any thread, that a search ends early.
#[derive(Debug, Default)]
pub struct Cancel(AtomicBool);

impl Cancel {
    /// Asks for the end of every search that looks here.
    pub fn request(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether the end was asked for.
    pub(crate) fn is_requested(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Ends a search whose end was asked for.
    ///
    /// # Errors
    /// [`Error::Cancelled`] where it was.
    pub(crate) fn check(&self) -> Result<()> {
        if self.is_requested() {
            return Err(Error::Cancelled);
        }
        Ok(())
    }
}
