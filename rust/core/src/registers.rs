//! The general registers of one frame, each known or not.

/// Number of registers of a frame: the DWARF columns 0 to 16 of x86-64.
pub const REGISTER_COUNT: usize = 17;

/// DWARF column of `rbx`.
pub const RBX: usize = 3;
/// DWARF column of `rbp`.
pub const RBP: usize = 6;
/// DWARF column of `rsp`.
pub const RSP: usize = 7;
/// DWARF column of `rip`, which is also the return address column of unwind tables.
pub const RIP: usize = 16;

const NAMES: [&str; REGISTER_COUNT] = [
    "rax", "rdx", "rcx", "rbx", "rsi", "rdi", "rbp", "rsp", "r8", "r9", "r10", "r11", "r12", "r13",
    "r14", "r15", "rip",
];

/// The 17 x86-64 registers in DWARF order (System V ABI AMD64, figure 3.36):
/// rax rdx rcx rbx rsi rdi rbp rsp r8..r15 rip.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Registers {
    values: [u64; REGISTER_COUNT],
    known: u32,
}

impl Registers {
    /// Registers of which none is known.
    pub const UNKNOWN: Self = Self {
        values: [0; REGISTER_COUNT],
        known: 0,
    };

    /// Value of a column; `None` where it is unknown or there is no such column.
    #[inline]
    pub fn value(&self, column: usize) -> Option<u64> {
        if column < REGISTER_COUNT && self.known & (1 << column) != 0 {
            Some(self.values[column])
        } else {
            None
        }
    }

    /// Makes a column known, or unknown with `None`; columns above 16 are ignored.
    #[inline]
    pub fn set(&mut self, column: usize, value: Option<u64>) {
        if column >= REGISTER_COUNT {
            return;
        }
        // Unknown values are kept zero so that comparing two sets compares what is known.
        self.values[column] = value.unwrap_or(0);
        if value.is_some() {
            self.known |= 1 << column;
        } else {
            self.known &= !(1 << column);
        }
    }

    /// The instruction pointer.
    #[inline]
    pub fn pc(&self) -> Option<u64> {
        self.value(RIP)
    }

    /// The stack pointer.
    #[inline]
    pub fn sp(&self) -> Option<u64> {
        self.value(RSP)
    }
}

impl From<[Option<u64>; REGISTER_COUNT]> for Registers {
    fn from(values: [Option<u64>; REGISTER_COUNT]) -> Self {
        let mut registers = Self::UNKNOWN;
        for (column, value) in values.into_iter().enumerate() {
            registers.set(column, value);
        }
        registers
    }
}

impl From<Registers> for [Option<u64>; REGISTER_COUNT] {
    fn from(registers: Registers) -> Self {
        std::array::from_fn(|column| registers.value(column))
    }
}

/// Name of a DWARF register number for messages: `rdi`, `xmm3`, `register 77`.
pub fn register_name(number: u16) -> String {
    match number {
        0..=16 => NAMES[usize::from(number)].to_owned(),
        17..=32 => format!("xmm{}", number - 17),
        _ => format!("register {number}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_and_unknown_round_trip() {
        let mut values = [None; REGISTER_COUNT];
        values[RBX] = Some(7);
        values[RIP] = Some(u64::MAX);
        let registers = Registers::from(values);
        assert_eq!(registers.pc(), Some(u64::MAX));
        assert_eq!(registers.sp(), None);
        assert_eq!(<[Option<u64>; REGISTER_COUNT]>::from(registers), values);
    }

    #[test]
    fn forgetting_a_value_equals_never_having_known_it() {
        let mut registers = Registers::UNKNOWN;
        registers.set(RBX, Some(9));
        registers.set(RBX, None);
        registers.set(99, Some(1));
        assert_eq!(registers, Registers::UNKNOWN);
        assert_eq!(registers.value(99), None);
    }

    #[test]
    fn names_cover_vector_and_unknown_registers() {
        assert_eq!(register_name(5), "rdi");
        assert_eq!(register_name(17), "xmm0");
        assert_eq!(register_name(1000), "register 1000");
    }
}
