//! Conditions of traps, decided at the hit without waking the client.

use crate::breakpoints::agent::{self, Machine, Variables};
use crate::breakpoints::sites::Sites;
use crate::os::memory::Memory;
use crate::os::registers;

/// What a trap's conditions say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// One is non-zero.
    True,
    /// All are zero.
    False,
    /// One cannot be evaluated, for this reason.
    Failed(String),
}

struct StoppedThread<'a> {
    registers: &'a libc::user_regs_struct,
    memory: &'a Memory,
    sites: &'a Sites,
}

impl Machine for StoppedThread<'_> {
    fn register(&mut self, number: u16) -> Option<u64> {
        registers::general(self.registers, number)
    }

    fn read(&mut self, address: u64, buffer: &mut [u8]) -> bool {
        let complete = self.memory.read_exact(address, buffer);
        self.sites.mask(address, buffer);
        complete
    }
}

/// Evaluates every condition, for they may count hits; none is skipped for another's sake.
/// Without any the answer is always true.
pub fn evaluate(
    conditions: &[Box<[u8]>],
    registers: &libc::user_regs_struct,
    memory: &Memory,
    sites: &Sites,
    variables: &mut Variables,
) -> Verdict {
    if conditions.is_empty() {
        return Verdict::True;
    }
    let mut thread = StoppedThread {
        registers,
        memory,
        sites,
    };
    let mut verdict = Verdict::False;
    for condition in conditions {
        match agent::evaluate(condition, &mut thread, variables) {
            Ok(0) => {}
            Ok(_) if verdict == Verdict::False => verdict = Verdict::True,
            Ok(_) => {}
            Err(error) => verdict = Verdict::Failed(error.to_string()),
        }
    }
    verdict
}
