//! The register file: where each register lies in what ptrace(2) reads.
//!
//! Registers are numbered as in GDB's amd64 target descriptions: core (general, segment, x87),
//! sse, linux, segments, and avx where the processor has it.

/// Number of the program counter.
pub const RIP: u16 = 16;
/// Number of the flags register.
pub const EFLAGS: u16 = 17;

const FIRST_SEGMENT: u16 = 18;
const FIRST_ST: u16 = 24;
const FIRST_FCTRL: u16 = 32;
const FIRST_XMM: u16 = 40;
const MXCSR: u16 = 56;
const ORIG_RAX: u16 = 57;
const FS_BASE: u16 = 58;
const GS_BASE: u16 = 59;
const FIRST_YMMH: u16 = 60;
const WITHOUT_AVX: u16 = 60;
const WITH_AVX: u16 = 76;

/// Offset of the upper halves of ymm0-15 in the standard XSAVE layout (Intel SDM 13.4.2).
const XSAVE_YMMH: usize = 576;
/// Bytes of the legacy FXSAVE region.
const FXSAVE_SIZE: usize = 512;
/// The first byte of `XSTATE_BV` in the XSAVE header.
const XSTATE_BV: usize = 512;
const XSTATE_SSE_AND_AVX: u8 = 0b110;

/// All registers of a stopped thread.
#[derive(Clone)]
pub struct RegisterFile {
    /// General registers.
    pub general: libc::user_regs_struct,
    /// The FXSAVE image or, when longer than 512 bytes, the whole XSAVE image.
    pub extended: Vec<u8>,
}

/// Returns how many registers there are.
#[must_use]
pub fn count(avx: bool) -> u16 {
    if avx { WITH_AVX } else { WITHOUT_AVX }
}

/// Returns the size of a register in bytes; `None` for numbers that do not exist.
#[must_use]
pub fn size(number: u16, avx: bool) -> Option<usize> {
    match number {
        0..=RIP | FS_BASE | GS_BASE | ORIG_RAX => Some(8),
        EFLAGS | MXCSR | FIRST_SEGMENT..FIRST_ST | FIRST_FCTRL..FIRST_XMM => Some(4),
        FIRST_ST..FIRST_FCTRL => Some(10),
        FIRST_XMM..MXCSR => Some(16),
        FIRST_YMMH..WITH_AVX if avx => Some(16),
        _ => None,
    }
}

/// Whether a register lives in [`RegisterFile::extended`].
#[must_use]
pub fn is_extended(number: u16) -> bool {
    matches!(number, FIRST_ST..=MXCSR | FIRST_YMMH..WITH_AVX)
}

/// Returns a register that is not extended without copying the file; `None` for any other
/// number.
#[must_use]
pub fn general(regs: &libc::user_regs_struct, number: u16) -> Option<u64> {
    Some(match number {
        0 => regs.rax,
        1 => regs.rbx,
        2 => regs.rcx,
        3 => regs.rdx,
        4 => regs.rsi,
        5 => regs.rdi,
        6 => regs.rbp,
        7 => regs.rsp,
        8 => regs.r8,
        9 => regs.r9,
        10 => regs.r10,
        11 => regs.r11,
        12 => regs.r12,
        13 => regs.r13,
        14 => regs.r14,
        15 => regs.r15,
        RIP => regs.rip,
        EFLAGS => regs.eflags,
        18 => regs.cs,
        19 => regs.ss,
        20 => regs.ds,
        21 => regs.es,
        22 => regs.fs,
        23 => regs.gs,
        ORIG_RAX => regs.orig_rax,
        FS_BASE => regs.fs_base,
        GS_BASE => regs.gs_base,
        _ => return None,
    })
}

/// Sets a register that is not extended; `false` for any other number.
pub fn set_general(regs: &mut libc::user_regs_struct, number: u16, value: u64) -> bool {
    let slot = match number {
        0 => &mut regs.rax,
        1 => &mut regs.rbx,
        2 => &mut regs.rcx,
        3 => &mut regs.rdx,
        4 => &mut regs.rsi,
        5 => &mut regs.rdi,
        6 => &mut regs.rbp,
        7 => &mut regs.rsp,
        8 => &mut regs.r8,
        9 => &mut regs.r9,
        10 => &mut regs.r10,
        11 => &mut regs.r11,
        12 => &mut regs.r12,
        13 => &mut regs.r13,
        14 => &mut regs.r14,
        15 => &mut regs.r15,
        RIP => &mut regs.rip,
        EFLAGS => &mut regs.eflags,
        18 => &mut regs.cs,
        19 => &mut regs.ss,
        20 => &mut regs.ds,
        21 => &mut regs.es,
        22 => &mut regs.fs,
        23 => &mut regs.gs,
        ORIG_RAX => &mut regs.orig_rax,
        FS_BASE => &mut regs.fs_base,
        GS_BASE => &mut regs.gs_base,
        _ => return false,
    };
    *slot = value;
    true
}

/// Whether an XSAVE image holds the upper halves of ymm registers.
#[must_use]
pub fn has_avx(extended: &[u8]) -> bool {
    extended.len() >= XSAVE_YMMH + 16 * 16
}

impl RegisterFile {
    fn has_avx(&self) -> bool {
        has_avx(&self.extended)
    }

    /// Returns the bytes of one register, little-endian, of [`size`] bytes.
    #[must_use]
    pub fn read(&self, number: u16) -> Option<Vec<u8>> {
        let size = size(number, self.has_avx())?;
        if let Some(value) = general(&self.general, number) {
            return Some(value.to_le_bytes()[..size].to_vec());
        }
        if (FIRST_FCTRL..FIRST_XMM).contains(&number) {
            return Some(self.x87_control(number).to_le_bytes().to_vec());
        }
        let start = extended_offset(number)?;
        // A component in its initial state reads as zero, whatever the image holds.
        if number >= FIRST_YMMH && self.extended[XSTATE_BV] & 0b100 == 0 {
            return Some(vec![0; size]);
        }
        self.extended.get(start..start + size).map(<[u8]>::to_vec)
    }

    /// Replaces one register; `false` when there is none, or the size is wrong.
    pub fn write(&mut self, number: u16, bytes: &[u8]) -> bool {
        let Some(size) = size(number, self.has_avx()) else {
            return false;
        };
        if bytes.len() != size {
            return false;
        }
        if !is_extended(number) {
            let mut wide = [0; 8];
            wide[..size].copy_from_slice(bytes);
            return set_general(&mut self.general, number, u64::from_le_bytes(wide));
        }
        if (FIRST_FCTRL..FIRST_XMM).contains(&number) {
            return self.set_x87_control(number, bytes);
        }
        let Some(start) = extended_offset(number) else {
            return false;
        };
        let Some(slot) = self.extended.get_mut(start..start + size) else {
            return false;
        };
        slot.copy_from_slice(bytes);
        if self.extended.len() > FXSAVE_SIZE && number >= FIRST_XMM {
            self.extended[XSTATE_BV] |= XSTATE_SSE_AND_AVX;
        }
        true
    }

    /// Returns the bytes of all registers by their numbers: the payload of a `g` reply.
    #[must_use]
    pub fn all(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(1024);
        for number in 0..count(self.has_avx()) {
            // The unknown cannot occur: every number below `count` exists.
            out.extend(self.read(number).unwrap_or_default());
        }
        out
    }

    /// Replaces everything from the payload of a `G` request; `false` when it is too short.
    pub fn set_all(&mut self, mut bytes: &[u8]) -> bool {
        let avx = self.has_avx();
        for number in 0..count(avx) {
            let size = size(number, avx).unwrap_or(0);
            let Some(part) = bytes.get(..size) else {
                return false;
            };
            self.write(number, part);
            bytes = &bytes[size..];
        }
        true
    }

    fn x87_control(&self, number: u16) -> u32 {
        let half = |at: usize| u32::from(u16::from_le_bytes([self.byte(at), self.byte(at + 1)]));
        let word = |at: usize| half(at) | half(at + 2) << 16;
        match number - FIRST_FCTRL {
            0 => half(0),
            1 => half(2),
            2 => self.full_tag_word(),
            3 => half(12),
            4 => word(8),
            5 => half(20),
            6 => word(16),
            _ => half(6) & 0x7ff,
        }
    }

    fn set_x87_control(&mut self, number: u16, bytes: &[u8]) -> bool {
        let (at, size) = match number - FIRST_FCTRL {
            0 => (0, 2),
            1 => (2, 2),
            // Written through the abridged form: a register is empty or it is not.
            2 => {
                let full = u16::from_le_bytes([bytes[0], bytes[1]]);
                let abridged = (0..8).fold(0u8, |tags, index| {
                    tags | u8::from(full >> (2 * index) & 3 != 3) << index
                });
                self.extended[4] = abridged;
                return true;
            }
            3 => (12, 2),
            4 => (8, 4),
            5 => (20, 2),
            6 => (16, 4),
            _ => (6, 2),
        };
        self.extended[at..at + size].copy_from_slice(&bytes[..size]);
        true
    }

    /// Rebuilds the 16-bit tag word from FXSAVE's abridged one (Intel SDM 10.5.1.1).
    fn full_tag_word(&self) -> u32 {
        let abridged = self.byte(4);
        let top = u32::from(self.byte(3) >> 3 & 7);
        (0..8u32).fold(0, |tags, physical| {
            let tag = if abridged >> physical & 1 == 0 {
                3
            } else {
                self.tag_of(physical.wrapping_sub(top) & 7)
            };
            tags | tag << (2 * physical)
        })
    }

    fn tag_of(&self, stack_index: u32) -> u32 {
        let at = 32 + 16 * stack_index as usize;
        let exponent = u16::from_le_bytes([self.byte(at + 8), self.byte(at + 9)]) & 0x7fff;
        let fraction_is_zero = (at..at + 8).all(|byte| self.byte(byte) == 0);
        let normal = self.byte(at + 7) & 0x80 != 0;
        match (exponent, fraction_is_zero) {
            (0, true) => 1,
            (0 | 0x7fff, _) => 2,
            _ if normal => 0,
            _ => 2,
        }
    }

    fn byte(&self, at: usize) -> u8 {
        self.extended.get(at).copied().unwrap_or(0)
    }
}

fn extended_offset(number: u16) -> Option<usize> {
    Some(match number {
        FIRST_ST..FIRST_FCTRL => 32 + 16 * usize::from(number - FIRST_ST),
        FIRST_XMM..MXCSR => 160 + 16 * usize::from(number - FIRST_XMM),
        MXCSR => 24,
        FIRST_YMMH..WITH_AVX => XSAVE_YMMH + 16 * usize::from(number - FIRST_YMMH),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(avx: bool) -> RegisterFile {
        // SAFETY: all-zero is a valid value of this plain C struct.
        let general = unsafe { std::mem::zeroed() };
        RegisterFile {
            general,
            extended: vec![0; if avx { 832 } else { 512 }],
        }
    }

    #[test]
    fn every_register_reads_back() {
        for avx in [false, true] {
            let mut file = file(avx);
            for number in 0..count(avx) {
                let size = size(number, avx).unwrap();
                let mut value = vec![(number as u8) | 1; size];
                if (FIRST_FCTRL..FIRST_XMM).contains(&number) {
                    value[2..].fill(0);
                    if number == FIRST_FCTRL + 2 {
                        continue; // the tag word depends on the x87 stack
                    }
                    if number == FIRST_FCTRL + 7 {
                        value[1] = 7;
                    }
                }
                assert!(file.write(number, &value), "{number}");
                assert_eq!(file.read(number).unwrap(), value, "{number}");
            }
            let all = file.all();
            let mut copy = self::file(avx);
            assert!(copy.set_all(&all));
            assert_eq!(copy.all().len(), all.len());
            assert!(!copy.set_all(&all[1..]));
        }
    }

    #[test]
    fn numbers_end_where_the_processor_does() {
        assert!(size(WITHOUT_AVX, false).is_none());
        assert!(size(WITHOUT_AVX, true).is_some());
        assert!(size(WITH_AVX, true).is_none());
    }

    #[test]
    fn an_empty_x87_stack_has_all_tags_set() {
        assert_eq!(
            file(false).read(FIRST_FCTRL + 2).unwrap(),
            [0xff, 0xff, 0, 0]
        );
    }
}
