//! The kernel's interfaces as plain functions: ptrace(2), waitpid(2), proc(5), scheduling.
//!
//! A function here makes one request and returns what the kernel answers; the register file is
//! here because its layout is the kernel's and the processor's.  Nothing here remembers a
//! thread, sets a trap or knows the remote protocol.

pub mod affinity;
pub mod death_lock;
pub mod helper;
pub mod mappings;
pub mod memory;
pub mod pid_namespaces;
pub mod procfs;
pub mod ptrace;
pub mod registers;
pub mod sharing;
pub mod signal_queue;
pub mod signals;
pub mod wait;
