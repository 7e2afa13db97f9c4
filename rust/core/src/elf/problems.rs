//! Descriptions of what was damaged or missing and therefore skipped.

use std::sync::{Mutex, PoisonError};

/// More problems than these are of no use to a reader.
const LIMIT: usize = 100;

/// A list of remarks that any thread may add to.
#[derive(Debug, Default)]
pub(crate) struct Problems(Mutex<Vec<String>>);

impl Problems {
    /// Notes a problem once.
    pub(crate) fn add(&self, text: impl Into<String>) {
        let text = text.into();
        let mut list = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if list.len() < LIMIT && !list.contains(&text) {
            list.push(text);
        }
    }

    /// All remarks so far.
    pub(crate) fn list(&self) -> Vec<String> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}
