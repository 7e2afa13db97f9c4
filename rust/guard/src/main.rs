//! The ptrace owner.
fn main() {}
