//! Measures unwinding of this very program; run it with `--release`.

// A program that prints its results is what this is.
#![allow(clippy::print_stdout)]

#[path = "../tests/process/mod.rs"]
mod process;

use std::fs::File;
use std::hint::black_box;
use std::time::{Duration, Instant};

use crabtrap_core::format::{ScalarEncoding, format_scalars};
use crabtrap_core::memory::{FileMemory, SegmentMemory};
use crabtrap_core::registers::{RBP, RIP, RSP, Registers};
use crabtrap_core::unwind::{ModuleMap, unwind};
use crabtrap_core::{Image, Monitor, SymbolKind};

use process::{module_map, own_registers, read_mappings};

const ROUNDS: usize = 15;
const DEPTH: u64 = 10_000;
const STACK: u64 = 0x7000_0000;

fn best_of(mut work: impl FnMut()) -> Duration {
    let times = (0..ROUNDS).map(|_| {
        let start = Instant::now();
        work();
        start.elapsed()
    });
    times.min().unwrap_or_default()
}

fn report(what: &str, time: Duration, count: usize) {
    let each = time.as_nanos() / count.max(1) as u128;
    println!(
        "{what:<44} {:>10.3} ms {each:>6} ns each",
        time.as_secs_f64() * 1e3
    );
}

fn own_modules(memory: &FileMemory) -> ModuleMap {
    module_map(&read_mappings("self"), memory)
}

#[inline(never)]
fn recurse(depth: u64, work: &mut dyn FnMut()) -> u64 {
    let value = black_box(depth);
    if depth == 0 {
        work();
    } else {
        black_box(recurse(depth - 1, work));
    }
    value
}

fn measure_deep_stack() {
    let memory = FileMemory::new(File::open("/proc/self/mem").expect("own memory"));
    let modules = own_modules(&memory);
    let registers = own_registers();
    let frames = unwind(&modules, &registers, &memory, usize::MAX).len();
    println!("a stack of {frames} frames, read through /proc/self/mem");
    let all = best_of(|| {
        black_box(unwind(&modules, &registers, &memory, usize::MAX));
    });
    report("all frames", all, frames);
    let few = best_of(|| {
        black_box(unwind(&modules, &registers, &memory, 50));
    });
    report("50 frames", few, 50);
    let one = best_of(|| {
        black_box(unwind(&modules, &registers, &memory, 1));
    });
    report("one frame", one, 1);
}

/// One step from the middle of each function, on a stack that is in memory already.
fn measure_single_steps() {
    let file = FileMemory::new(File::open("/proc/self/mem").expect("own memory"));
    let program = std::env::current_exe().expect("the program has a path");
    let image = Image::open(&program, &[], None).expect("the program is an image");
    let symbols = image
        .symbols_matching("", usize::MAX, &Monitor::default())
        .expect("a valid pattern");
    let functions = symbols
        .iter()
        .filter(|symbol| symbol.kind == SymbolKind::Function);
    let own = symbols
        .iter()
        .find(|symbol| symbol.name.ends_with("::measure_single_steps"));
    let own = own.expect("this function has a symbol").address;
    let bias = (measure_single_steps as *const () as u64).wrapping_sub(own);
    let pcs: Vec<u64> = functions
        .filter(|symbol| symbol.size > 4)
        .map(|symbol| symbol.address.wrapping_add(bias) + symbol.size / 2)
        .take(2000)
        .collect();
    let memory = SegmentMemory::new().with(STACK, vec![0x11; 1 << 16]);
    let step = |modules: &ModuleMap, pc: u64| {
        let mut registers = Registers::UNKNOWN;
        registers.set(RIP, Some(pc));
        registers.set(RSP, Some(STACK + 64));
        registers.set(RBP, Some(STACK + 512));
        black_box(unwind(modules, &registers, &memory, 1));
    };
    println!("single steps from {} functions, from memory", pcs.len());
    let modules = own_modules(&file);
    // Touches the tables, so that no page of the file is read for the first time below.
    let step_all = |modules: &ModuleMap| {
        for &pc in &pcs {
            step(modules, pc);
        }
    };
    step_all(&modules);
    let first = (0..ROUNDS).map(|_| {
        let modules = own_modules(&file);
        // Opens the file's sections, which is not part of a step.
        step(&modules, pcs[0]);
        let start = Instant::now();
        step_all(&modules);
        start.elapsed()
    });
    report("not cached", first.min().unwrap_or_default(), pcs.len());
    let again = best_of(|| (0..pcs.len()).for_each(|_| step(&modules, pcs[0])));
    report("cached", again, pcs.len());
}

fn measure_formatting() {
    let numbers: Vec<u8> = (0..1_000_000_u64)
        .flat_map(|n| (n * n).to_le_bytes())
        .collect();
    println!("a million scalars as text");
    for (name, encoding) in [
        ("u64", ScalarEncoding::Unsigned),
        ("f64", ScalarEncoding::Float),
    ] {
        let time = best_of(|| {
            black_box(format_scalars(&numbers, encoding, 8, usize::MAX));
        });
        report(name, time, 1_000_000);
    }
}

fn main() {
    let deep = std::thread::Builder::new().stack_size(64 << 20).spawn(|| {
        recurse(DEPTH, &mut measure_deep_stack);
    });
    deep.expect("a thread can be started")
        .join()
        .expect("it ends well");
    measure_single_steps();
    measure_formatting();
}
