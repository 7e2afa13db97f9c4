//! Bits, flags, small vectors, and parts of a text.

use bitvec::prelude::*;
use fixedbitset::FixedBitSet;
use thin_vec::{thin_vec, ThinVec};
use tinyvec::{array_vec, ArrayVec, TinyVec};

bitflags::bitflags! {
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Perms: u32 {
        const READ = 1;
        const WRITE = 2;
        const RUN = 4;
    }
}

bitflags::bitflags! {
    /// Another one in the same module.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Mode: u8 {
        const NONE = 0; // of no bit
        /// One; or `const FALSE = 1;`
        const FAST = 1 << 3;
        const SAFE = 0b1000_0000;
        const BOTH = Self::FAST.bits() | Self::SAFE.bits();
        #[cfg(any())]
        const NEVER = 1;
    }
}

mod older {
    bitflags_number::bitflags! {
        pub struct Access: u64 {
            const READ = 0x1;
            const WRITE = 0x2_u64;
            const ALL = Self::READ.bits | Self::WRITE.bits;
        }
    }
}

/// No flags, though it has bits.
#[derive(Debug)]
pub struct Word {
    pub bits: u32,
}

pub fn flags() {
    let perms = Perms::READ | Perms::RUN;
    let no_perms = Perms::empty();
    let more = Perms::from_bits_retain(0x13);
    let mode = Mode::FAST;
    let modes = Mode::BOTH;
    let access = older::Access::READ;
    let accesses = older::Access::ALL;
    let some = Some(Mode::SAFE);
    let word = Word { bits: 3 };
    tell!("flags": perms, no_perms, more, mode, modes, access, accesses, some, word);
    ready::keep(&(&perms, &mode)); // @flags
}

pub fn sets() {
    let lowest = bitvec![u8, Lsb0; 1, 0, 0, 0, 1, 1, 0, 0, 1];
    let highest = bitvec![u16, Msb0; 1, 0, 0, 0, 1, 1, 0, 0, 1];
    let part = lowest[3..7].to_bitvec();
    let slice: &BitSlice<u16, Msb0> = &highest[2..6];
    let boxed = bitbox![usize, Lsb0; 0, 1, 1];
    let nothing: BitVec = BitVec::new();
    let mut numbers = FixedBitSet::with_capacity(200);
    numbers.insert(0);
    numbers.insert(69);
    numbers.insert(199);
    let mut old_numbers = fixedbitset_words::FixedBitSet::with_capacity(70);
    old_numbers.insert(3);
    old_numbers.insert(69);
    tell!("sets": numbers, old_numbers);
    ready::keep(&(&lowest, &highest, &part, &slice, &boxed, &nothing)); // @sets
}

pub fn vectors() {
    let thin: ThinVec<u16> = thin_vec![1, 2, 3];
    let wide: ThinVec<u128> = thin_vec![1, 2];
    let empty: ThinVec<String> = ThinVec::new();
    let tiny: ArrayVec<[u8; 4]> = array_vec!([u8; 4] => 5, 6);
    let inline: TinyVec<[u16; 3]> = TinyVec::from([1, 2, 3]);
    let mut spilled: TinyVec<[u16; 2]> = TinyVec::from([1, 2]);
    spilled.push(3);
    let mut store = [0u8; 8];
    let mut buffer = tokio::io::ReadBuf::new(&mut store);
    buffer.put_slice(b"read");
    tell!("vectors": thin, wide, empty, tiny, inline, spilled);
    ready::keep(&buffer); // @vectors
}

pub fn captures() {
    let pattern = regex::Regex::new("([0-9]{4})-([0-9]{2})(-([0-9]{2}))?").unwrap();
    let text = String::from("on 2024-02, or so");
    let captures = pattern.captures(&text).unwrap();
    let found = pattern.find(&text).unwrap();
    let span = tracing::Span::none();
    tell!("captures": found, pattern);
    ready::keep(&(&captures, &span, &text)); // @captures
}
