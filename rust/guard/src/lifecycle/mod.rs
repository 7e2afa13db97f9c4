//! How tracing a process begins and ends: launch, attach, detach, kill, end of the session.
//!
//! Written with the verbs of [`crate::trace`].  Children that a traced process makes come by
//! themselves and are taken in there; the remote protocol is not known here.

pub mod attach;
pub mod detach;
pub mod launch;
