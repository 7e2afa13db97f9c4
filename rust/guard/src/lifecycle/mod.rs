//! How tracing begins and ends: launch, attach, detach, kill, end of the session.
//!
//! Written with the verbs of [`crate::trace`].  Children that a traced process makes are
//! events, which are handled there; the remote protocol is not known here.

mod attach;
mod child;
mod detach;
pub mod launch;
mod refusal;
