//! Damaged files: nothing panics, nothing hangs, nothing grows without bound.

mod programs;

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crabtrap_core::{CompletionKind, DieId, Image, Monitor};
use programs::build;

/// Number of damaged files to try; `CRABTRAP_MUTANTS` asks for more.
const MUTANTS: u64 = 500;
/// One mutant takes some milliseconds; this only catches hangs.
const PATIENCE: Duration = Duration::from_secs(5);

/// A small generator of numbers, so that every run damages the same bytes (`SplitMix64`).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }
}

/// Asks everything; what comes back does not matter.
fn ask_everything(image: &Arc<Image>) {
    let _ = (image.debug_level(), image.unit_count(), image.build_id());
    let _ = image.read(image.entry(), 64);
    let _ = image.symbol_at(image.entry());
    let _ = image.symbols_named("main", &Monitor::default()).unwrap();
    let found = image.find_functions("main", &Monitor::default()).unwrap();
    let all = image
        .find_functions_matching("tiny", 20, &Monitor::default())
        .unwrap();
    for function in found.iter().chain(&all) {
        let _ = image.variables(function.die);
        let _ = image.template_arguments(function.die);
        let _ = image.return_type(function.die);
        let _ = image.inline_chain(function.entry);
        let _ = image.row_at(function.entry);
        for (start, end) in &function.ranges {
            let _ = image.rows_between(*start, *end);
        }
    }
    for path in image.find_files("tiny.rs", &Monitor::default()).unwrap() {
        for line in image.lines_with_code(&path).into_iter().take(5) {
            let _ = image.rows_for_line(&path, line);
        }
    }
    let _ = image.find_inlined("inlined", &Monitor::default()).unwrap();
    let _ = image.find_statics("TOTAL");
    let _ = image
        .complete(
            "t",
            &[CompletionKind::Type, CompletionKind::Function],
            20,
            &Monitor::default(),
        )
        .unwrap();
    for query in ["Choice", "Pair", "u32"] {
        for die in image.find_types(query) {
            let _ = image.type_at(die);
        }
    }
    for number in (0..4000).step_by(13) {
        let _ = image.type_at(DieId(number));
        let _ = image.variables(DieId(number));
    }
    let _ = image.problems();
}

/// The small program, without the standard library's share of debug information.
fn seed(flags: &[&str]) -> Vec<u8> {
    let mut all = vec!["-Cpanic=abort", "-Copt-level=1", "-Clink-arg=-nostartfiles"];
    all.extend(flags);
    fs::read(build("tiny", &flags.join("").replace('=', "-"), &all)).unwrap()
}

fn sections(data: &[u8]) -> Vec<std::ops::Range<usize>> {
    let image = Image::parse(data.to_vec(), "seed").unwrap();
    let wanted = |name: &str| name.starts_with(".debug") || name.ends_with("tab");
    image
        .sections()
        .iter()
        .filter(|section| wanted(&section.name) && section.size > 0)
        .map(|section| section.file_offset as usize..(section.file_offset + section.size) as usize)
        .collect()
}

fn mutate(data: &mut Vec<u8>, sections: &[std::ops::Range<usize>], numbers: &mut Numbers) {
    const VALUES: [u8; 6] = [0, 1, 0x7f, 0x80, 0xfe, 0xff];
    if numbers.below(12) == 0 {
        let size = numbers.below(data.len());
        data.truncate(size.max(64));
        return;
    }
    for _ in 0..=numbers.below(8) {
        let range = match numbers.below(4) {
            0 => 0..data.len().min(1024),
            1 => 0..data.len(),
            _ => sections[numbers.below(sections.len())].clone(),
        };
        let at = range.start + numbers.below(range.len());
        let run = 1 + numbers.below(4) * numbers.below(3);
        let value = match numbers.below(3) {
            0 => numbers.next() as u8,
            _ => VALUES[numbers.below(VALUES.len())],
        };
        let end = (at + run).min(data.len());
        data[at..end].fill(value);
    }
}

#[test]
fn damaged_programs_never_panic_or_hang() {
    let wanted = std::env::var("CRABTRAP_MUTANTS").map_or(MUTANTS, |text| text.parse().unwrap());
    for flags in [&["-Cdwarf-version=4"], &["-Cdwarf-version=5"]] {
        let seed = seed(flags);
        let sections = sections(&seed);
        let mut numbers = Numbers(1);
        for number in 0..wanted / 2 {
            let mut data = seed.clone();
            mutate(&mut data, &sections, &mut numbers);
            let begin = Instant::now();
            if let Ok(image) = Image::parse(data, "mutant") {
                ask_everything(&image);
            }
            let time = begin.elapsed();
            assert!(time < PATIENCE, "mutant {number} of {flags:?}: {time:?}");
        }
    }
}

#[test]
fn every_truncation_of_the_headers_is_survived() {
    let seed = seed(&["-Cdwarf-version=5"]);
    for size in (0..2048).step_by(7).chain((2048..seed.len()).step_by(4099)) {
        if let Ok(image) = Image::parse(seed[..size].to_vec(), "truncated") {
            ask_everything(&image);
        }
    }
}

#[test]
fn what_is_no_program_is_refused_in_words() {
    let reason = |data: &[u8]| Image::parse(data.to_vec(), "it").unwrap_err().to_string();
    assert_eq!(reason(b""), "it: not an ELF file");
    assert_eq!(reason(b"#!/bin/sh\n"), "it: not an ELF file");
    let mut header = fs::read("/proc/self/exe").unwrap();
    header.truncate(4096);
    let with = |at: usize, value: u8| {
        let mut changed = header.clone();
        changed[at] = value;
        changed
    };
    assert!(reason(&with(4, 1)).contains("32-bit"));
    assert!(reason(&with(18, 0xb7)).contains("another processor"));
    assert!(reason(&with(16, 9)).contains("unknown type"));
    assert!(reason(&header[..20]).contains("truncated"));
}

#[test]
fn only_regular_files_are_opened() {
    let open = |path: &str| {
        Image::open(Path::new(path), &[], None)
            .unwrap_err()
            .to_string()
    };
    assert!(open("/").contains("not a regular file"));
    assert!(open("/dev/zero").contains("not a regular file"));
    assert!(open("/no/such/file").contains("No such file"));
}
