//! A fixture program stopped in gdb, and what gdb says about its frames.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use crabtrap_core::Image;
use crabtrap_core::memory::SegmentMemory;
use crabtrap_core::registers::REGISTER_COUNT;
use crabtrap_core::unwind::ModuleMap;

use crate::process::{Mapping, module_map, open_mapping, parse_mapping};

pub type Values = [Option<u64>; REGISTER_COUNT];

/// One program, stopped one or more times.
pub struct Run {
    pub mappings: Vec<Mapping>,
    /// Files and their biases by the start of their code.
    pub images: HashMap<u64, (Arc<Image>, u64)>,
    pub modules: ModuleMap,
    pub states: Vec<State>,
}

#[derive(Default)]
pub struct State {
    pub memory: SegmentMemory,
    pub threads: Vec<Thread>,
}

pub struct Thread {
    pub registers: Values,
    pub frames: Vec<Frame>,
}

pub struct Frame {
    pub is_signal: bool,
    pub registers: Values,
    /// Integers by name; `None` where gdb finds them optimized out.
    pub locals: Vec<(String, Option<u128>)>,
}

impl Run {
    fn read(path: &Path) -> Self {
        let mut mappings = Vec::new();
        let mut states = vec![State::default()];
        for line in fs::read_to_string(path).expect("gdb wrote it").lines() {
            let state = states.last_mut().expect("there is always one");
            match line.split_once(' ') {
                Some(("map", rest)) => mappings.push(parse_mapping(rest)),
                Some(("memory", rest)) => state.add_memory(rest),
                Some(("thread", rest)) => state.threads.push(Thread {
                    registers: values(rest),
                    frames: Vec::new(),
                }),
                Some(("frame", rest)) => state.add_frame(rest),
                Some(("local", rest)) => state.add_local(rest),
                _ => states.push(State::default()),
            }
        }
        // Every state ends with a line that begins the next.
        states.pop();
        let memory = &states[0].memory;
        let code = mappings.iter().filter(|mapping| mapping.is_executable);
        let images =
            code.filter_map(|mapping| Some((mapping.start, open_mapping(mapping, memory)?)));
        Self {
            images: images.collect(),
            modules: module_map(&mappings, memory),
            mappings,
            states,
        }
    }
}

impl State {
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

fn hex(text: &str) -> u64 {
    u64::from_str_radix(text, 16).expect("a hexadecimal number")
}

fn values(text: &str) -> Values {
    let words = text.split(' ').map(|word| (word != "-").then(|| hex(word)));
    let list: Vec<Option<u64>> = words.collect();
    list.try_into().expect("17 registers")
}

/// Builds the fixture under a name of its own, as tests run in parallel.
pub fn build(name: &str, options: &[&str]) -> PathBuf {
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

/// Whether there is a gdb that can run Python; if not, prints that the test is skipped.
fn is_usable() -> bool {
    let probe = Command::new("gdb")
        .args(["--batch", "-nx", "-ex", "python pass"])
        .output();
    let usable = probe.is_ok_and(|output| output.status.success() && output.stderr.is_empty());
    if !usable {
        eprintln!("skipped: no gdb with Python");
    }
    usable
}

/// Runs the program in gdb until it stops by itself.
pub fn run_until_stop(program: &Path, mode: &str) -> Option<Run> {
    run(program, mode, &["run"], 0)
}

/// Runs the program in gdb up to a function, then instruction by instruction.
pub fn run_and_step(program: &Path, mode: &str, function: &str, steps: usize) -> Option<Run> {
    run(
        program,
        mode,
        &[&format!("tbreak {function}"), "run"],
        steps,
    )
}

fn run(program: &Path, mode: &str, commands: &[&str], steps: usize) -> Option<Run> {
    if !is_usable() {
        return None;
    }
    let out = program.with_extension(format!("{mode}.{steps}.frames"));
    let settings = [
        "set debuginfod enabled off",
        "set backtrace past-main on",
        "set backtrace past-entry on",
        "set backtrace limit unlimited",
        "handle SIGUSR1 nostop noprint pass",
    ];
    let source = ["source tests/fixtures/dump_frames.py", "kill"];
    let commands = settings.iter().chain(commands).chain(&source);
    let status = Command::new("gdb")
        .args(["--batch", "-nx"])
        .args(commands.flat_map(|command| ["-ex", command]))
        .arg("--args")
        .args([program, Path::new(mode)])
        .env("FRAMES_OUT", &out)
        .env("FRAMES_STEPS", steps.to_string())
        .env("RUST_BACKTRACE", "0")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .expect("gdb ran before");
    assert!(status.success());
    Some(Run::read(&out))
}
