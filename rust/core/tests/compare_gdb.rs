//! Unwinds programs that gdb has stopped, from what gdb reads of them, and compares frames
//! and their integers.

#![allow(missing_docs)]

mod gdb;
mod process;

use std::path::Path;

use crabtrap_core::location::{Absent, FrameContext, ValueLocation};
use crabtrap_core::memory::{SegmentMemory, read_vec};
use crabtrap_core::registers::Registers;
use crabtrap_core::unwind::{Backtrace, unwind};
use crabtrap_core::{Image, Variable};

use gdb::{Frame, Run, Thread, build, run_and_step, run_until_stop};

/// rbx, rbp, rsp and r12 to r15, for which gdb has no made-up values in callers.
const COMPARED: [usize; 7] = [3, 6, 7, 12, 13, 14, 15];

/// Number of locals that were compared, and of those that had a value.
#[derive(Default)]
struct Counts {
    compared: usize,
    present: usize,
}

fn compare(run: &Run, counts: &mut Counts) {
    for state in &run.states {
        for thread in &state.threads {
            let start = Registers::from(thread.registers);
            let found = unwind(&run.modules, &start, &state.memory, 10_000);
            compare_frames(&found, thread);
            for (index, frame) in thread.frames.iter().enumerate() {
                for value in compare_locals(run, &state.memory, &found, index, frame) {
                    counts.compared += 1;
                    counts.present += usize::from(value.is_some());
                }
            }
        }
    }
}

fn compare_frames(found: &Backtrace, thread: &Thread) {
    let pcs: Vec<_> = found.pcs().map(Some).collect();
    let expected: Vec<_> = thread
        .frames
        .iter()
        .map(|frame| frame.registers[16])
        .collect();
    assert_eq!(pcs, expected, "{}", found.stop());
    assert!(found.is_complete(), "{}", found.stop());
    for (index, frame) in thread.frames.iter().enumerate() {
        assert_eq!(
            found.is_signal_frame(index),
            frame.is_signal,
            "frame {index}"
        );
        let registers = found.registers(index).expect("it was counted");
        for column in COMPARED {
            let value = registers.value(column);
            assert_eq!(
                value, frame.registers[column],
                "register {column} of frame {index}"
            );
        }
    }
}

/// Values of the locals of one frame that both sides know under one name.
fn compare_locals(
    run: &Run,
    memory: &SegmentMemory,
    found: &Backtrace,
    index: usize,
    frame: &Frame,
) -> Vec<Option<u128>> {
    if frame.locals.is_empty() {
        return Vec::new();
    }
    let pc = found.pcs().nth(index).expect("it was counted");
    let is_exact = index == 0 || found.is_signal_frame(index - 1);
    let pc = if is_exact { pc } else { pc - 1 };
    let registers = found.registers(index).expect("it was counted");
    let mapping = run
        .mappings
        .iter()
        .find(|mapping| (mapping.start..mapping.end).contains(&pc));
    let (image, bias) = &run.images[&mapping.expect("code is mapped").start];
    let context = FrameContext {
        pc: pc.wrapping_sub(*bias),
        bias: *bias,
        registers: &registers,
        cfa: found.cfas().nth(index).flatten(),
        memory,
        tls: None,
    };
    let chain = image.inline_chain(context.pc);
    let function = chain.last().expect("gdb knows the function too");
    let variables = image.variables(function.die).expect("it is a function");
    let mut values = Vec::new();
    for (name, expected) in &frame.locals {
        let mut same = variables.iter().filter(|variable| variable.name == *name);
        let (Some(variable), None) = (same.next(), same.next()) else {
            continue;
        };
        let value = match read_integer(image, variable, &context) {
            // gdb may find the value in the caller's description of the call, or in memory
            // that is not part of a stack.
            Err(Absent::EntryValue(_) | Absent::Memory(_)) => continue,
            value => value.ok(),
        };
        assert_eq!(
            value, *expected,
            "{name} of {} in frame {index}",
            function.path
        );
        values.push(value);
    }
    values
}

fn read_integer(
    image: &Image,
    variable: &Variable,
    context: &FrameContext<'_>,
) -> Result<u128, Absent> {
    let size = image
        .type_at(variable.type_die.expect("it has a type"))
        .expect("it is a type")
        .size;
    let size = size.expect("integers have a size") as usize;
    let pieces = image.locate(variable.die, context).expect("it is an entry");
    let mut bytes = Vec::new();
    for piece in pieces {
        let wanted = if piece.size == 0 {
            size
        } else {
            piece.size as usize
        };
        let part = match piece.location {
            ValueLocation::Memory(address) => read_vec(context.memory, address, wanted),
            ValueLocation::Register(number) => {
                let value = context.registers.value(usize::from(number));
                value
                    .ok_or(Absent::Register(number))?
                    .to_le_bytes()
                    .to_vec()
            }
            ValueLocation::Bytes(bytes) => bytes,
            ValueLocation::ImplicitPointer { .. } => return Err(Absent::OptimizedOut),
            ValueLocation::Absent(reason) => return Err(reason),
        };
        bytes.extend(&part[..wanted]);
    }
    let mut padded = [0; 16];
    padded[..size].copy_from_slice(&bytes[..size]);
    Ok(u128::from_le_bytes(padded))
}

const ALL_MODES: &[&str] = &["abort", "signal", "nowhere", "threads", "panic"];

fn check(program: &Path, modes: &[&str]) -> Option<Counts> {
    let mut counts = Counts::default();
    for mode in modes {
        let run = run_until_stop(program, mode)?;
        let threads = &run.states[0].threads;
        let expected = if *mode == "threads" { 4 } else { 1 };
        assert_eq!(threads.len(), expected, "{mode}");
        assert!(
            threads.iter().all(|thread| thread.frames.len() >= 4),
            "{mode}"
        );
        compare(&run, &mut counts);
    }
    Some(counts)
}

#[test]
fn a_debug_build_gives_the_frames_and_locals_of_gdb() {
    if let Some(counts) = check(&build("frames-debug", &["-g"]), ALL_MODES) {
        assert!(counts.compared >= 200 && counts.present >= 200);
    }
}

#[test]
fn an_optimized_build_gives_the_frames_and_locals_of_gdb() {
    let program = build("frames-optimized", &["-g", "-O", "-Cpanic=abort"]);
    if let Some(counts) = check(&program, ALL_MODES) {
        assert!(counts.compared >= 100 && counts.present >= 50);
    }
}

#[test]
fn a_stripped_build_with_frame_pointers_gives_the_frames_of_gdb() {
    let options = ["-O", "-Cforce-frame-pointers=yes", "-Cstrip=symbols"];
    check(&build("frames-pointers", &options), &["signal", "nowhere"]);
}

#[test]
fn every_instruction_on_the_way_gives_the_frames_of_gdb() {
    let program = build("frames-steps", &["-g", "-O"]);
    let Some(run) = run_and_step(&program, "nowhere", "frames::recurse", 100) else {
        return;
    };
    assert_eq!(run.states.len(), 101);
    compare(&run, &mut Counts::default());
}
