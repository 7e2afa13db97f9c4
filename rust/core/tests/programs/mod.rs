//! Real programs to read, built once per set of compiler flags.
#![allow(dead_code, reason = "each test binary uses a part of this")]

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use crabtrap_core::{Function, Image, Monitor};

/// The zoo as a developer builds it, and in every other shape that debug information has.
pub const PROFILES: &[(&str, &[&str])] = &[
    ("debug", &[]),
    ("dwarf5", &["-Cdwarf-version=5"]),
    ("v0", &["-Csymbol-mangling-version=v0"]),
    ("packed", &["-Csplit-debuginfo=packed"]),
    (
        "packed5",
        &["-Csplit-debuginfo=packed", "-Cdwarf-version=5"],
    ),
    ("unpacked", &["-Csplit-debuginfo=unpacked"]),
    (
        "unpacked5",
        &["-Csplit-debuginfo=unpacked", "-Cdwarf-version=5"],
    ),
    ("units", &["-Ccodegen-units=16"]),
    ("zlib", &["-Clink-arg=-Wl,--compress-debug-sections=zlib"]),
];

/// Builds `tests/programs/NAME.rs` with `-g` and `flags`.
pub fn build(name: &str, profile: &str, flags: &[&str]) -> PathBuf {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/programs/{name}.rs"));
    let mut hasher = DefaultHasher::new();
    (fs::read(&source).unwrap(), flags).hash(&mut hasher);
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join(format!("{name}-{profile}-{:016x}", hasher.finish()));
    let program = directory.join(name);
    if program.exists() {
        return program;
    }
    // Built in a directory of its own and then renamed: tests run at the same time.
    let unfinished = directory.with_extension(format!("{}", std::process::id()));
    let unfinished = unfinished.with_extension(format!("{:?}", std::thread::current().id()));
    fs::create_dir_all(&unfinished).unwrap();
    let compiler = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(compiler)
        .args(["--edition=2024", "-g", "-o", name])
        .args(flags)
        .arg(&source)
        .current_dir(&unfinished)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    if fs::rename(&unfinished, &directory).is_err() {
        // Another test was faster.
        fs::remove_dir_all(&unfinished).unwrap();
    }
    program
}

/// Opens a program that was built.
pub fn open(program: &Path) -> Arc<Image> {
    Image::open(program, &[], None).unwrap()
}

/// The zoo in one profile.
pub fn zoo(profile: &str) -> Arc<Image> {
    let flags = PROFILES
        .iter()
        .find(|(name, _)| *name == profile)
        .unwrap()
        .1;
    open(&build("zoo", profile, flags))
}

/// Runs a check on the zoo in every profile.
pub fn for_each_profile(check: impl Fn(&str, &Arc<Image>)) {
    for (profile, _) in PROFILES {
        let image = zoo(profile);
        check(profile, &image);
        assert_eq!(image.problems(), Vec::<String>::new(), "{profile}");
    }
}

/// Functions that end with a path.
pub fn functions(image: &Image, query: &str) -> Vec<Function> {
    image.find_functions(query, &Monitor::default()).unwrap()
}

/// Inline instances of functions that end with a path.
pub fn inlined(image: &Arc<Image>, query: &str) -> Vec<Function> {
    image.find_inlined(query, &Monitor::default()).unwrap()
}

/// Source files that end with a path.
pub fn files(image: &Image, suffix: &str) -> Vec<Arc<str>> {
    image.find_files(suffix, &Monitor::default()).unwrap()
}

/// The only function that matches.
#[track_caller]
pub fn only(image: &Image, query: &str) -> Function {
    let mut found = functions(image, query);
    assert_eq!(found.len(), 1, "{query}: {found:#?}");
    found.remove(0)
}

/// The line with a marker, from 1.
pub fn line_of(name: &str, marker: &str) -> u32 {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/programs/{name}.rs"));
    let text = fs::read_to_string(source).unwrap();
    let index = text
        .lines()
        .position(|line| line.ends_with(&format!("// @{marker}")));
    index.unwrap() as u32 + 1
}
