//! Searching for inline instances gives what the index of all names gives.

mod programs;

use std::collections::BTreeSet;
use std::sync::Arc;

use crabtrap_core::{CompletionKind, Function, Image, Monitor};
use programs::{PROFILES, build, inlined, open};

/// Optimised programs: inline instances everywhere, some of functions of other units.
const OPTIMISED: &[(&str, &[&str])] = &[
    ("optimised5", &["-Copt-level=2", "-Cdwarf-version=5"]),
    (
        "thin",
        &["-Copt-level=2", "-Clto=thin", "-Ccodegen-units=16"],
    ),
    ("fat", &["-Copt-level=3", "-Clto=fat", "-Ccodegen-units=16"]),
    (
        "fat5",
        &[
            "-Copt-level=3",
            "-Clto=fat",
            "-Cdwarf-version=5",
            "-Ccodegen-units=16",
        ],
    ),
];

/// Names of functions asked for per first letter.
const QUERIES: usize = 15;
/// Of so many one is asked for its closure, which the index is slow to find.
const CLOSURES: usize = 25;

#[test]
fn searching_finds_what_the_index_has() {
    for (profile, flags) in PROFILES.iter().chain(OPTIMISED) {
        let program = build("zoo", profile, flags);
        let (searched, indexed) = (open(&program), open(&program));
        assert!(indexed.wait_indexed(None));
        let queries = queries(&indexed);
        let (mut answered, mut instances) = (0, 0);
        for query in &queries {
            let expected = dies(&inlined(&indexed, query));
            if let Some(found) = searched.search_inlined(query) {
                assert_eq!(dies(&found), expected, "{profile}: {query}");
                answered += 1;
                instances += expected.len();
            }
        }
        let is_split = flags
            .iter()
            .any(|flag| flag.starts_with("-Csplit-debuginfo"));
        let worth = if is_split {
            0..1
        } else {
            queries.len() * 3 / 4..usize::MAX
        };
        assert!(
            worth.contains(&answered),
            "{profile}: {answered} of {}",
            queries.len()
        );
        assert!(
            is_split || instances > 10,
            "{profile}: only {instances} instances"
        );
        assert!(!searched.wait_indexed(Some(std::time::Duration::ZERO)));
    }
}

#[test]
fn names_that_are_not_there_are_not_found() {
    let image = open(&build("zoo", "debug", &[]));
    assert_eq!(
        image.search_inlined("no_such_function_anywhere"),
        Some(vec![])
    );
    assert_eq!(image.search_inlined(""), None);
}

fn queries(image: &Arc<Image>) -> BTreeSet<String> {
    let letters = ('a'..='z').chain(['{', '_']).map(String::from);
    let names = letters.flat_map(|letter| {
        image
            .complete(
                &letter,
                &[CompletionKind::Function],
                QUERIES,
                &Monitor::default(),
            )
            .unwrap()
    });
    let paths: Vec<String> = names.collect();
    let last = |path: &String| path.rsplit("::").next().unwrap_or_default().to_owned();
    let closures = paths.iter().step_by(CLOSURES);
    let closures = closures.map(|path| format!("{path}::{{closure#0}}"));
    let queries = closures.chain(paths.iter().map(last));
    queries.filter(|query| !query.is_empty()).collect()
}

fn dies(functions: &[Function]) -> Vec<u64> {
    functions.iter().map(|function| function.die.0).collect()
}
