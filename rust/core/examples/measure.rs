//! Times the look-ups a first stop needs, then the index of all names:
//! `cargo run --release -p crabtrap-core --example measure -- PROGRAM FUNCTION`.
#![allow(clippy::print_stdout, reason = "printing is what this program is for")]

use std::error::Error;
use std::path::Path;
use std::time::Instant;

use crabtrap_core::{Image, Monitor};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(program), Some(function)) = (arguments.next(), arguments.next()) else {
        return Err("usage: measure PROGRAM FUNCTION".into());
    };
    let begin = Instant::now();
    let image = step("open", || Image::open(Path::new(&program), &[], None))?;
    let found = step("find_functions", || {
        image
            .find_functions(&function, &Monitor::default())
            .unwrap()
    });
    for function in found.iter().take(1) {
        step("rows_between", || {
            image.rows_between(function.ranges[0].0, function.ranges[0].1)
        });
        let variables = step("variables", || image.variables(function.die))?;
        step("types", || {
            for die in variables.iter().filter_map(|variable| variable.type_die) {
                // A type that cannot be read is as quick as one that can.
                let _ = image.type_at(die);
            }
        });
    }
    report("first stop", begin);
    step("symbol_at", || image.symbol_at(image.entry()));
    step("inline_chain", || image.inline_chain(image.entry()));
    step("find_files", || {
        image.find_files("main.rs", &Monitor::default()).unwrap()
    });
    step("wait_indexed", || image.wait_indexed(None));
    step("find_inlined", || {
        image.find_inlined(&function, &Monitor::default()).unwrap()
    });
    step("find_types", || image.find_types("String"));
    step("complete", || {
        image
            .complete(
                "Str",
                &[crabtrap_core::CompletionKind::Type],
                50,
                &Monitor::default(),
            )
            .unwrap()
    });
    println!("{} units of {}", image.units_loaded(), image.unit_count());
    Ok(())
}

fn step<T>(name: &str, work: impl FnOnce() -> T) -> T {
    let begin = Instant::now();
    let result = work();
    report(name, begin);
    result
}

fn report(name: &str, begin: Instant) {
    let wall = begin.elapsed().as_secs_f64() * 1e3;
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // Clock ticks, a hundred a second, of user and system time so far (man proc_pid_stat).
    let ticks = |index| stat.split(' ').nth(index).unwrap_or("?").to_owned();
    let memory = |field: &str| {
        let line = status.lines().find(|line| line.starts_with(field));
        line.and_then(|line| line.split_whitespace().nth(1))
            .unwrap_or("?")
            .to_owned()
    };
    println!(
        "{name:16} {wall:9.3} ms  rss {} peak {} KiB  cpu so far {}+{} ticks",
        memory("VmRSS"),
        memory("VmHWM"),
        ticks(13),
        ticks(14),
    );
}
