//! The traced processes and threads: what is known of each, what the kernel reports of them,
//! and how they are stopped and resumed.
//!
//! The [`tracer::Tracer`] owns all of it; its methods are spread over the files here by
//! subject.  How a process comes to be traced, and the remote protocol, are not known here:
//! what the client has to hear is queued as [`tracer::Report`]s.

pub mod clone;
pub mod cpu_affinity;
pub mod events;
pub mod release;
pub mod resume;
pub mod step_over;
pub mod tracer;
pub mod wait;
