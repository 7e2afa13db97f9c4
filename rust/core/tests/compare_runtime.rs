//! Unwinds the stack of this very test and compares with the unwinder of the C runtime.

#![allow(clippy::cast_possible_truncation, missing_docs)]

mod process;

use std::cell::RefCell;
use std::ffi::{c_int, c_void};
use std::fs::File;
use std::hint::black_box;

use crabtrap_core::memory::FileMemory;
use crabtrap_core::registers::{RBP, RBX};
use crabtrap_core::unwind::{Backtrace, Stop, unwind};

use process::{module_map, own_registers, read_mappings};

const CALLEE_SAVED: [usize; 6] = [RBX, RBP, 12, 13, 14, 15];

unsafe extern "C-unwind" {
    fn _Unwind_Backtrace(
        callback: extern "C" fn(*mut c_void, *mut c_void) -> c_int,
        argument: *mut c_void,
    ) -> c_int;
}
unsafe extern "C" {
    fn _Unwind_GetIP(context: *mut c_void) -> usize;
    fn _Unwind_GetCFA(context: *mut c_void) -> usize;
    fn _Unwind_GetGR(context: *mut c_void, register: c_int) -> usize;
    fn sigaction(signal: c_int, action: *const SigAction, old: *mut SigAction) -> c_int;
    fn sigaltstack(stack: *const SigStack, old: *mut SigStack) -> c_int;
    fn raise(signal: c_int) -> c_int;
}

#[repr(C)]
struct SigAction {
    handler: extern "C" fn(c_int),
    mask: [u64; 16],
    flags: c_int,
    restorer: usize,
}

#[repr(C)]
struct SigStack {
    start: *mut u8,
    flags: c_int,
    size: usize,
}

/// A frame as the C runtime sees it.
struct Expected {
    pc: u64,
    sp: u64,
    callee_saved: [u64; 6],
}

extern "C" fn note_frame(context: *mut c_void, list: *mut c_void) -> c_int {
    // SAFETY: `list` is the vector that `runtime_frames` passes, `context` the runtime's own.
    unsafe {
        let list = &mut *list.cast::<Vec<Expected>>();
        list.push(Expected {
            pc: _Unwind_GetIP(context) as u64,
            sp: _Unwind_GetCFA(context) as u64,
            callee_saved: CALLEE_SAVED.map(|column| _Unwind_GetGR(context, column as c_int) as u64),
        });
    }
    0
}

fn runtime_frames() -> Vec<Expected> {
    let mut list: Vec<Expected> = Vec::new();
    // SAFETY: the callback gets the vector back while it is alive and borrowed by nobody else.
    unsafe { _Unwind_Backtrace(note_frame, (&raw mut list).cast()) };
    list
}

/// Both views of the stack from one function.
#[inline(never)]
fn capture() -> (Backtrace, Vec<Expected>) {
    let memory = FileMemory::new(File::open("/proc/self/mem").expect("own memory"));
    let modules = module_map(&read_mappings("self"), &memory);
    let found = unwind(&modules, &own_registers(), &memory, 10_000);
    (found, runtime_frames())
}

/// Checks frames `1..` against the runtime's list, in which `capture` may be deeper.
fn check(found: &Backtrace, expected: &[Expected]) {
    assert_eq!(found.stop(), &Stop::Outermost);
    assert!(found.is_complete());
    let pcs: Vec<u64> = found.pcs().collect();
    let skip = expected
        .iter()
        .position(|frame| frame.pc == pcs[1])
        .expect("the caller of capture is in both");
    let expected = &expected[skip..];
    // The runtime may list the end of the stack as one more frame without a pc.
    let outer: Vec<u64> = expected
        .iter()
        .map(|frame| frame.pc)
        .filter(|&pc| pc != 0)
        .collect();
    assert_eq!(pcs[1..], outer);
    for (index, frame) in expected
        .iter()
        .enumerate()
        .filter(|(_, frame)| frame.pc != 0)
    {
        let registers = found.registers(index + 1).expect("frame is listed");
        assert_eq!(registers.sp(), Some(frame.sp), "rsp of frame {}", index + 1);
        for (column, value) in CALLEE_SAVED.into_iter().zip(frame.callee_saved) {
            assert_eq!(
                registers.value(column),
                Some(value),
                "register {column} of frame {index}"
            );
        }
    }
}

/// Keeps many values alive over the call, some of them in callee-saved registers.
#[inline(never)]
fn recurse(depth: u64, work: &mut dyn FnMut()) -> u64 {
    let values: [u64; 6] = std::array::from_fn(|index| black_box(depth * 10 + index as u64));
    if depth == 0 {
        work();
    } else {
        black_box(recurse(depth - 1, work));
    }
    values.iter().fold(0, |mixed, value| (mixed << 1) ^ value)
}

#[test]
fn recursion_agrees_with_the_runtime() {
    let mut result = None;
    recurse(50, &mut || result = Some(capture()));
    let (found, expected) = result.expect("the work was done");
    assert!(found.len() > 52);
    check(&found, &expected);
}

#[test]
fn ten_thousand_frames_are_all_found() {
    std::thread::Builder::new()
        .stack_size(64 << 20)
        .spawn(|| {
            let mut result = None;
            recurse(9_000, &mut || result = Some(capture()));
            let (found, expected) = result.expect("the work was done");
            assert!(found.len() > 9_000);
            check(&found, &expected);
        })
        .expect("a thread can be started")
        .join()
        .expect("the thread ends well");
}

thread_local! {
    static CAPTURED: RefCell<Option<(Backtrace, Vec<Expected>)>> = const { RefCell::new(None) };
}

extern "C" fn handler(_: c_int) {
    recurse(5, &mut || {
        CAPTURED.with(|slot| *slot.borrow_mut() = Some(capture()));
    });
}

fn raise_with_handler(signal: c_int, flags: c_int) -> (Backtrace, Vec<Expected>) {
    let action = SigAction {
        handler,
        mask: [0; 16],
        flags,
        restorer: 0,
    };
    // SAFETY: the structures have the layout of the C library for x86-64 Linux.
    unsafe {
        assert_eq!(
            sigaction(signal, &raw const action, std::ptr::null_mut()),
            0
        );
        assert_eq!(raise(signal), 0);
    }
    CAPTURED
        .with(|slot| slot.borrow_mut().take())
        .expect("the handler ran")
}

fn signal_frames(found: &Backtrace) -> Vec<usize> {
    (0..found.len())
        .filter(|&index| found.is_signal_frame(index))
        .collect()
}

#[test]
fn signal_handlers_are_walked_through() {
    let mut result = None;
    recurse(3, &mut || result = Some(raise_with_handler(10, 0)));
    let (found, expected) = result.expect("the work was done");
    check(&found, &expected);
    let [trampoline] = signal_frames(&found)[..] else {
        panic!("one signal frame, not {:?}", signal_frames(&found));
    };
    // What was interrupted has all its registers, other outer frames only the saved ones.
    let interrupted = found.registers(trampoline + 1).expect("frame is listed");
    assert!((0..17).all(|column| interrupted.value(column).is_some()));
    let outer = found.registers(trampoline + 2).expect("frame is listed");
    assert_eq!(outer.value(0), None);
}

#[test]
fn signal_handlers_on_a_stack_of_their_own_are_walked_through() {
    const ON_STACK: c_int = 0x0800_0000;
    let found = std::thread::spawn(|| {
        let mut space = vec![0_u8; 1 << 20];
        let stack = SigStack {
            start: space.as_mut_ptr(),
            flags: 0,
            size: space.len(),
        };
        // SAFETY: the memory is alive until the thread ends, and the old stack is given up.
        unsafe { assert_eq!(sigaltstack(&raw const stack, std::ptr::null_mut()), 0) };
        let mut result = None;
        recurse(3, &mut || result = Some(raise_with_handler(12, ON_STACK)));
        let (found, expected) = result.expect("the work was done");
        check(&found, &expected);
        let range = space.as_ptr() as u64..space.as_ptr() as u64 + space.len() as u64;
        // SAFETY: ends the use of the memory before it is freed.
        unsafe {
            let off = SigStack {
                start: std::ptr::null_mut(),
                flags: 2,
                size: 0,
            };
            assert_eq!(sigaltstack(&raw const off, std::ptr::null_mut()), 0);
        }
        assert!(
            range.contains(
                &found
                    .registers(1)
                    .and_then(|r| r.sp())
                    .expect("rsp is known")
            )
        );
        found
    })
    .join()
    .expect("the thread ends well");
    assert_eq!(signal_frames(&found).len(), 1);
}

#[test]
fn a_limit_cuts_the_walk_and_still_tells_the_frame_address() {
    let memory = FileMemory::new(File::open("/proc/self/mem").expect("own memory"));
    let modules = module_map(&read_mappings("self"), &memory);
    let found = unwind(&modules, &own_registers(), &memory, 1);
    assert_eq!(found.len(), 1);
    assert_eq!(found.stop(), &Stop::Limit(1));
    assert!(found.cfas().next().flatten().is_some());
    assert_eq!(unwind(&modules, &own_registers(), &memory, 0).len(), 0);
}
