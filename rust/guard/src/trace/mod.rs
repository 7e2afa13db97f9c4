//! The traced processes and threads: what is known of each, what the kernel reports of them,
//! and how they are stopped, resumed and released.
//!
//! The [`tracer::Tracer`] owns all of it; its methods are spread over the files here by
//! subject.  How tracing begins and ends, and the remote protocol, are not known here: what
//! is to be reported is queued as [`report::Report`]s.

mod clone;
mod cpu_affinity;
mod events;
mod exec;
mod leave_slot;
mod orphans;
pub mod process;
mod program;
mod reap;
mod release;
pub mod report;
pub mod resume;
pub mod safety;
pub mod saved_state;
mod signal_at_trap;
mod sigtrap;
mod step_over;
mod stop;
pub mod thread;
pub mod tracer;
mod trap_flag;
