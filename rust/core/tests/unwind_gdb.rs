//! Unwinds programs that gdb has stopped, from what gdb reads of them, and compares frames.

#![allow(missing_docs)]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crabtrap_core::memory::SegmentMemory;
use crabtrap_core::registers::{REGISTER_COUNT, Registers};
use crabtrap_core::unwind::unwind;

use support::{Mapping, module_map, parse_mapping};

/// rbx, rbp, rsp and r12 to r15: what gdb does not make up in callers.
const COMPARED: [usize; 7] = [3, 6, 7, 12, 13, 14, 15];

type Values = [Option<u64>; REGISTER_COUNT];

struct Thread {
    registers: Values,
    /// Whether it is a signal frame, and its registers.
    frames: Vec<(bool, Values)>,
}

#[derive(Default)]
struct Dump {
    mappings: Vec<Mapping>,
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
                _ => dump.add_frame(rest),
            }
        }
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
        thread.frames.push((kind == "signal", values(registers)));
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

fn compare(dump: &Dump) {
    let modules = module_map(&dump.mappings, &dump.memory);
    for thread in &dump.threads {
        let start = Registers::from(thread.registers);
        let found = unwind(&modules, &start, &dump.memory, 10_000);
        let pcs: Vec<_> = found.pcs().map(Some).collect();
        let expected: Vec<_> = thread.frames.iter().map(|(_, values)| values[16]).collect();
        assert_eq!(pcs, expected, "{}", found.stop());
        assert!(found.is_complete(), "{}", found.stop());
        for (index, (is_signal, values)) in thread.frames.iter().enumerate() {
            assert_eq!(found.is_signal_frame(index), *is_signal, "frame {index}");
            let registers = found.registers(index).expect("it was counted");
            for column in COMPARED {
                let value = registers.value(column);
                assert_eq!(value, values[column], "register {column} of frame {index}");
            }
        }
    }
}

fn check(name: &str, options: &[&str], depth: usize) {
    let program = build(name, options);
    for mode in ["abort", "signal", "nowhere", "threads", "panic"] {
        let Some(dump) = stop_in_gdb(&program, mode) else {
            return;
        };
        let expected = if mode == "threads" { 4 } else { 1 };
        assert_eq!(dump.threads.len(), expected, "{mode}");
        assert!(dump.threads[0].frames.len() >= depth, "{mode}");
        compare(&dump);
    }
}

#[test]
fn a_debug_build_gives_the_frames_of_gdb() {
    check("frames-debug", &["-g"], 5);
}

#[test]
fn an_optimized_build_gives_the_frames_of_gdb() {
    check("frames-optimized", &["-g", "-O", "-Cpanic=abort"], 4);
}

#[test]
fn an_optimized_build_with_frame_pointers_gives_the_frames_of_gdb() {
    check(
        "frames-pointers",
        &["-O", "-Cforce-frame-pointers=yes", "-Cstrip=symbols"],
        4,
    );
}
