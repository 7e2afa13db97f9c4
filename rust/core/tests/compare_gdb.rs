//! Unwinds programs that gdb has stopped, from what gdb reads of them, and compares frames
//! and their integers.

#![allow(missing_docs)]

mod process;

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use crabtrap_core::location::{Absent, FrameContext, Place};
use crabtrap_core::memory::{SegmentMemory, read_vec};
use crabtrap_core::registers::{REGISTER_COUNT, Registers};
use crabtrap_core::unwind::{Backtrace, unwind};
use crabtrap_core::{Image, Variable};

use process::{Mapping, module_map, open_mapping, parse_mapping};

/// rbx, rbp, rsp and r12 to r15: what gdb does not make up in callers.
const COMPARED: [usize; 7] = [3, 6, 7, 12, 13, 14, 15];

type Values = [Option<u64>; REGISTER_COUNT];

struct Thread {
    registers: Values,
    frames: Vec<Frame>,
}

struct Frame {
    is_signal: bool,
    registers: Values,
    /// Integers by name; `None` where gdb finds them optimized out.
    locals: Vec<(String, Option<u128>)>,
}

#[derive(Default)]
struct Dump {
    mappings: Vec<Mapping>,
    /// Files and their biases by the start of their code.
    images: HashMap<u64, (Arc<Image>, u64)>,
    memory: SegmentMemory,
    threads: Vec<Thread>,
}

fn hex(text: &str) -> u64 {
    u64::from_str_radix(text, 16).expect("a hexadecimal number")
}

fn values(text: &str) -> Values {
    let words = text.split(' ').map(|word| (word != "-").then(|| hex(word)));
    let list: Vec<Option<u64>> = words.collect();
    list.try_into().expect("17 registers")
}

impl Dump {
    fn read(path: &Path) -> Self {
        let mut dump = Self::default();
        for line in fs::read_to_string(path).expect("gdb wrote it").lines() {
            let (kind, rest) = line.split_once(' ').expect("a kind and its facts");
            match kind {
                "map" => dump.mappings.push(parse_mapping(rest)),
                "memory" => dump.add_memory(rest),
                "thread" => dump.threads.push(Thread {
                    registers: values(rest),
                    frames: Vec::new(),
                }),
                "frame" => dump.add_frame(rest),
                _ => dump.add_local(rest),
            }
        }
        let code = dump.mappings.iter().filter(|mapping| mapping.is_executable);
        let images =
            code.filter_map(|mapping| Some((mapping.start, open_mapping(mapping, &dump.memory)?)));
        dump.images = images.collect();
        dump
    }

    fn add_memory(&mut self, text: &str) {
        let (address, digits) = text.split_once(' ').expect("an address and bytes");
        let bytes = digits.as_bytes().chunks(2);
        let bytes = bytes.map(|pair| hex(str::from_utf8(pair).expect("digits")) as u8);
        self.memory = std::mem::take(&mut self.memory).with(hex(address), bytes.collect());
    }

    fn add_frame(&mut self, text: &str) {
        let (kind, registers) = text.split_once(' ').expect("a kind and registers");
        let thread = self.threads.last_mut().expect("a thread comes first");
        thread.frames.push(Frame {
            is_signal: kind == "signal",
            registers: values(registers),
            locals: Vec::new(),
        });
    }

    fn add_local(&mut self, text: &str) {
        let (name, value) = text.split_once(' ').expect("a name and a value");
        let value = u128::from_str_radix(value, 16).ok();
        let thread = self.threads.last_mut().expect("a thread comes first");
        let frame = thread.frames.last_mut().expect("a frame comes first");
        frame.locals.push((name.to_owned(), value));
    }
}

/// Builds the fixture once per set of options; tests run in parallel, so names differ.
fn build(name: &str, options: &[&str]) -> PathBuf {
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let compiler = std::env::var("RUSTC").unwrap_or_else(|_| String::from("rustc"));
    let status = Command::new(compiler)
        .args(["--edition", "2024", "-o"])
        .arg(&out)
        .args(options)
        .arg("tests/fixtures/frames.rs")
        .status()
        .expect("rustc can be run");
    assert!(status.success());
    out
}

/// Runs the program under gdb until it stops; `None` where there is no usable gdb.
fn stop_in_gdb(program: &Path, mode: &str) -> Option<Dump> {
    let probe = Command::new("gdb")
        .args(["--batch", "-nx", "-ex", "python pass"])
        .output();
    if !probe.is_ok_and(|output| output.status.success() && output.stderr.is_empty()) {
        eprintln!("skipped: no gdb with Python");
        return None;
    }
    let out = program.with_extension(format!("{mode}.frames"));
    let settings = [
        "set debuginfod enabled off",
        "set backtrace past-main on",
        "set backtrace past-entry on",
        "set backtrace limit unlimited",
        "handle SIGUSR1 nostop noprint pass",
        "run",
        "source tests/fixtures/dump_frames.py",
        "kill",
    ];
    let status = Command::new("gdb")
        .args(["--batch", "-nx"])
        .args(settings.iter().flat_map(|command| ["-ex", command]))
        .arg("--args")
        .args([program, Path::new(mode)])
        .env("FRAMES_OUT", &out)
        .env("RUST_BACKTRACE", "0")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .expect("gdb ran before");
    assert!(status.success());
    Some(Dump::read(&out))
}

/// Compares all frames and says how many locals were compared, and how many had a value.
fn compare(dump: &Dump) -> (usize, usize) {
    let modules = module_map(&dump.mappings, &dump.memory);
    let mut counts = (0, 0);
    for thread in &dump.threads {
        let start = Registers::from(thread.registers);
        let found = unwind(&modules, &start, &dump.memory, 10_000);
        compare_frames(&found, thread);
        for (index, frame) in thread.frames.iter().enumerate() {
            for value in compare_locals(dump, &found, index, frame) {
                counts.0 += 1;
                counts.1 += usize::from(value.is_some());
            }
        }
    }
    counts
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
    dump: &Dump,
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
    let mapping = dump
        .mappings
        .iter()
        .find(|mapping| (mapping.start..mapping.end).contains(&pc));
    let (image, bias) = &dump.images[&mapping.expect("code is mapped").start];
    let context = FrameContext {
        pc: pc.wrapping_sub(*bias),
        bias: *bias,
        registers: &registers,
        cfa: found.cfas().nth(index).flatten(),
        memory: &dump.memory,
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
            // gdb may find the value in the caller's description of the call.
            Err(Absent::EntryValue(_)) => continue,
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
        let part = match piece.place {
            Place::Memory(address) => read_vec(context.memory, address, wanted),
            Place::Register(number) => {
                let value = context.registers.value(usize::from(number));
                value
                    .ok_or(Absent::Register(number))?
                    .to_le_bytes()
                    .to_vec()
            }
            Place::Bytes(bytes) => bytes,
            Place::ImplicitPointer { .. } => return Err(Absent::OptimizedOut),
            Place::Absent(reason) => return Err(reason),
        };
        bytes.extend(&part[..wanted]);
    }
    let mut padded = [0; 16];
    padded[..size].copy_from_slice(&bytes[..size]);
    Ok(u128::from_le_bytes(padded))
}

const ALL_MODES: &[&str] = &["abort", "signal", "nowhere", "threads", "panic"];

/// `locals` is the least number of locals that have to be there, and of those with a value.
fn check(program: &Path, modes: &[&str], locals: (usize, usize)) {
    let mut counts = (0, 0);
    for mode in modes {
        let Some(dump) = stop_in_gdb(program, mode) else {
            return;
        };
        let expected = if *mode == "threads" { 4 } else { 1 };
        assert_eq!(dump.threads.len(), expected, "{mode}");
        assert!(
            dump.threads.iter().all(|thread| thread.frames.len() >= 4),
            "{mode}"
        );
        let (compared, present) = compare(&dump);
        counts = (counts.0 + compared, counts.1 + present);
    }
    eprintln!(
        "{}: {} locals compared, {} with a value",
        program.display(),
        counts.0,
        counts.1
    );
    assert!(counts.0 >= locals.0 && counts.1 >= locals.1, "{counts:?}");
}

#[test]
fn a_debug_build_gives_the_frames_and_locals_of_gdb() {
    check(&build("frames-debug", &["-g"]), ALL_MODES, (200, 200));
}

#[test]
fn an_optimized_build_gives_the_frames_and_locals_of_gdb() {
    let program = build("frames-optimized", &["-g", "-O", "-Cpanic=abort"]);
    check(&program, ALL_MODES, (100, 50));
}

#[test]
fn a_stripped_build_with_frame_pointers_gives_the_frames_of_gdb() {
    let options = ["-O", "-Cforce-frame-pointers=yes", "-Cstrip=symbols"];
    check(
        &build("frames-pointers", &options),
        &["signal", "nowhere"],
        (0, 0),
    );
}
