//! Conditions of traps, evaluated at the hit without waking the client.

use super::address_space::AddressSpace;
use super::agent::{self, Variables};
use crate::os::registers;

/// What the conditions of a trap amount to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// One is non-zero.
    True,
    /// All are zero.
    False,
    /// One cannot be evaluated, for this reason.
    Failed(String),
}

/// Evaluates every condition, because they may count hits: none is skipped for another's
/// sake.  Without any the answer is always true.
pub fn evaluate(
    conditions: &[Box<[u8]>],
    registers: &libc::user_regs_struct,
    space: &AddressSpace,
    variables: &mut Variables,
) -> Verdict {
    if conditions.is_empty() {
        return Verdict::True;
    }
    let thread = StoppedThread { registers, space };
    let mut verdict = Verdict::False;
    for condition in conditions {
        match agent::evaluate(condition, &thread, variables) {
            Ok(0) => {}
            Ok(_) if verdict == Verdict::False => verdict = Verdict::True,
            Ok(_) => {}
            Err(error) => verdict = Verdict::Failed(error.to_string()),
        }
    }
    verdict
}

/// What a condition may look at: a stopped thread and its memory.
struct StoppedThread<'a> {
    registers: &'a libc::user_regs_struct,
    space: &'a AddressSpace,
}

impl agent::Machine for StoppedThread<'_> {
    fn register(&self, number: u16) -> Option<u64> {
        registers::general(self.registers, number)
    }

    fn read(&self, address: u64, buffer: &mut [u8]) -> bool {
        self.space.read_exact(address, buffer)
    }
}
