//! Constants of another file, which has no code.

pub const NEAR: u32 = 3;
pub const FAR: u32 = NEAR * 100;
