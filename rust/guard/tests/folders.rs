//! The folders of the guard know each other in one direction only.

use std::fs;
use std::path::{Path, PathBuf};

/// From the folder that may know all others to the one that may know none.
const FOLDERS: [&str; 5] = ["server", "lifecycle", "trace", "breakpoints", "os"];

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder of the guard");
    entries
        .map(|entry| entry.expect("an entry").path())
        .flat_map(|path| {
            if path.is_dir() {
                sources(&path)
            } else {
                vec![path]
            }
        })
        .collect()
}

#[test]
fn no_folder_uses_one_above_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for (level, folder) in FOLDERS.iter().enumerate() {
        for path in sources(&root.join(folder)) {
            let text = fs::read_to_string(&path).expect("a source file");
            let code = text.lines().filter(|line| !line.starts_with("//!"));
            for line in code {
                for above in &FOLDERS[..level] {
                    let is_used = line.contains(&format!("crate::{above}"));
                    assert!(!is_used, "{}: {line}", path.display());
                }
            }
        }
    }
}
