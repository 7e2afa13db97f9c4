//! The result of unwinding: frames, and the reason why there are no more.

use std::fmt;

use super::rule::CALLEE_SAVED;
use crate::registers::{RIP, RSP, Registers, register_name};

/// Columns that are kept for every frame; the others are known in few.
const KEPT: [usize; 8] = {
    let [a, b, c, d, e, f] = CALLEE_SAVED;
    [a, b, c, d, e, f, RSP, RIP]
};
const CFA_KNOWN: u16 = 1 << KEPT.len();
const IS_SIGNAL: u16 = 1 << (KEPT.len() + 1);

/// Reason why unwinding ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The outermost frame was reached: the walk is complete.
    Outermost,
    /// As many frames as were asked for.
    Limit(usize),
    /// A register that is needed, by DWARF number, is not known.
    Register(u16),
    /// The return address, which lies at this address, cannot be read.
    ReturnAddress(u64),
    /// This pc is in no module.
    NoModule(u64),
    /// The code at this pc has neither unwind information nor a usable frame pointer.
    NoRules(u64),
    /// Unwind information for this address is damaged.
    Damaged(u64, String),
    /// The next frame would not be above the last one.
    NotRising {
        /// The frame address of the next frame.
        cfa: u64,
        /// The frame address of the last one.
        previous: u64,
    },
    /// A frame at this pc was met before.
    Cycle(u64),
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Outermost => f.write_str("reached the outermost frame"),
            Self::Limit(1) => f.write_str("stopped after 1 frame, as asked"),
            Self::Limit(count) => write!(f, "stopped after {count} frames, as asked"),
            Self::Register(number) => {
                write!(f, "{} is not known in this frame", register_name(*number))
            }
            Self::ReturnAddress(address) => {
                write!(f, "the return address at {address:#x} cannot be read")
            }
            Self::NoModule(pc) => write!(f, "{pc:#x} is in no known module"),
            Self::NoRules(pc) => write!(
                f,
                "no unwind information for {pc:#x}, and no usable frame pointer"
            ),
            Self::Damaged(pc, error) => {
                write!(f, "damaged unwind information for {pc:#x}: {error}")
            }
            Self::NotRising { cfa, previous } => write!(
                f,
                "the next frame, at {cfa:#x}, is not above the last one, at {previous:#x}: \
                 the stack is damaged"
            ),
            Self::Cycle(pc) => write!(f, "the frame at {pc:#x} repeats: the stack is damaged"),
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Frame {
    kept: [u64; KEPT.len()],
    cfa: u64,
    /// Bit per kept column, then [`CFA_KNOWN`] and [`IS_SIGNAL`].
    flags: u16,
}

/// Physical frames of one thread, innermost first.
#[derive(Clone, Debug)]
pub struct Backtrace {
    frames: Vec<Frame>,
    /// Frames that know more than the kept columns, by index.
    full: Vec<(usize, Registers)>,
    stop: Stop,
}

impl Backtrace {
    pub(super) fn new() -> Self {
        Self {
            frames: Vec::new(),
            full: Vec::new(),
            stop: Stop::Outermost,
        }
    }

    /// Adds a frame with what is known of its registers.
    pub(super) fn push(&mut self, registers: &Registers) {
        let mut frame = Frame {
            kept: [0; KEPT.len()],
            cfa: 0,
            flags: 0,
        };
        let mut kept = Registers::UNKNOWN;
        for (bit, &column) in KEPT.iter().enumerate() {
            let value = registers.value(column);
            kept.set(column, value);
            if let Some(value) = value {
                frame.kept[bit] = value;
                frame.flags |= 1 << bit;
            }
        }
        if kept != *registers {
            self.full.push((self.frames.len(), *registers));
        }
        self.frames.push(frame);
    }

    /// Adds to the newest frame what became known by unwinding it.
    pub(super) fn describe_last(&mut self, cfa: u64, is_signal: bool) {
        if let Some(frame) = self.frames.last_mut() {
            frame.cfa = cfa;
            frame.flags |= CFA_KNOWN;
            if is_signal {
                frame.flags |= IS_SIGNAL;
            }
        }
    }

    /// Ends the walk with the reason why there are no more frames.
    pub(super) fn finish(mut self, stop: Stop) -> Self {
        self.stop = stop;
        self
    }

    /// Number of frames; none only if the first pc is not known.
    pub fn len(&self) -> usize {
        self.frames.len()
    }

    /// Whether there is no frame at all.
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// Run-time pc of each frame; for callers the return address itself.
    pub fn pcs(&self) -> impl ExactSizeIterator<Item = u64> {
        let last = KEPT.len() - 1;
        self.frames.iter().map(move |frame| frame.kept[last])
    }

    /// Canonical frame address of each frame; `None` in one that could not be unwound.
    pub fn cfas(&self) -> impl ExactSizeIterator<Item = Option<u64>> {
        self.frames
            .iter()
            .map(|frame| (frame.flags & CFA_KNOWN != 0).then_some(frame.cfa))
    }

    /// Registers of a frame, as far as they are known; `None` if there is no such frame.
    pub fn registers(&self, index: usize) -> Option<Registers> {
        let frame = self.frames.get(index)?;
        if let Ok(found) = self.full.binary_search_by_key(&index, |(index, _)| *index) {
            return Some(self.full[found].1);
        }
        let mut registers = Registers::UNKNOWN;
        for (bit, &column) in KEPT.iter().enumerate() {
            if frame.flags & (1 << bit) != 0 {
                registers.set(column, Some(frame.kept[bit]));
            }
        }
        Some(registers)
    }

    /// Whether the frame is a signal trampoline: its caller's pc is exact, not a return
    /// address.
    pub fn is_signal_frame(&self, index: usize) -> bool {
        self.frames
            .get(index)
            .is_some_and(|frame| frame.flags & IS_SIGNAL != 0)
    }

    /// Whether the outermost frame was reached.
    pub fn is_complete(&self) -> bool {
        self.stop == Stop::Outermost
    }

    /// Reason why unwinding ended.
    pub fn stop(&self) -> &Stop {
        &self.stop
    }
}
