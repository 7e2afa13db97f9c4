//! Functions that exist only inlined, bodies of async functions, and searches that are given up.

mod programs;

use std::sync::Arc;

use crabtrap_core::{CompletionKind, Error, Function, Image, Monitor};
use programs::{build, functions, inlined, line_of, only, open};

const BUILDS: &[(&str, &[&str])] = &[
    ("debug", &[]),
    ("v0", &["-Csymbol-mangling-version=v0"]),
    ("optimised", &["-Copt-level=3"]),
    ("optimised5", &["-Copt-level=3", "-Cdwarf-version=5"]),
    ("one", &["-Copt-level=3", "-Ccodegen-units=1"]),
    ("split", &["-Copt-level=3", "-Csplit-debuginfo=unpacked"]),
];

fn for_each_build(check: impl Fn(&str, &Arc<Image>)) {
    for (name, flags) in BUILDS {
        check(name, &open(&build("searched", name, flags)));
    }
}

fn matching(image: &Arc<Image>, pattern: &str) -> Vec<Function> {
    let never = Monitor::default();
    let mut found = image.find_functions_matching(pattern, 100, &never).unwrap();
    found.extend(image.find_inlined_matching(pattern, 100, &never).unwrap());
    found
}

#[test]
fn functions_that_exist_only_inlined_match_patterns() {
    for_each_build(|build, image| {
        let found = matching(image, "^searched::only_inlined$");
        assert_eq!(found.len(), 2, "{build}: {found:#?}");
        assert!(found.iter().all(|function| function.call.is_some()));
        assert_eq!(found, inlined(image, "only_inlined"), "{build}");
        let never = Monitor::default();
        let listed = image.find_only_inlined_matching("^searched::", 100, &never);
        let listed: Vec<_> = listed
            .unwrap()
            .into_iter()
            .map(|(function, count)| (function.path, count))
            .collect();
        assert!(
            listed.contains(&(String::from("searched::only_inlined"), 2)),
            "{listed:?}"
        );
        assert!(
            !listed.iter().any(|(path, _)| path == "searched::called"),
            "{listed:?}"
        );
    });
}

#[test]
fn async_functions_are_found_by_their_plain_name() {
    for_each_build(|build, image| {
        for (query, pattern) in [
            ("leaf", "^searched::leaf$"),
            ("searched::leaf", "::leaf$"),
            ("serve", "Server.*::serve$"),
            ("Server::serve", "::serve$"),
        ] {
            let body = |function: &Function| function.name.ends_with("::{async_fn#0}");
            let mut named = functions(image, query);
            named.extend(inlined(image, query));
            assert!(named.iter().any(body), "{build}: {query}: {named:#?}");
            let matched = matching(image, pattern);
            assert!(matched.iter().any(body), "{build}: {pattern}: {matched:#?}");
        }
        let complete = |prefix: &str| {
            let kinds = [CompletionKind::Function];
            let found = image.complete(prefix, &kinds, 100, &Monitor::default());
            found.unwrap()
        };
        assert!(complete("lea").contains(&String::from("leaf")), "{build}");
        let path = String::from("searched::leaf");
        assert!(complete("searched::l").contains(&path), "{build}");
        assert!(
            complete("only_in").contains(&String::from("only_inlined")),
            "{build}"
        );
    });
}

#[test]
fn functions_without_entries_are_known_by_symbol_and_rows() {
    for flags in [
        &["-Cdebuginfo=line-tables-only"][..],
        &["-Cdebuginfo=line-tables-only", "-Copt-level=3"],
        &["-Cdebuginfo=line-tables-only", "-Cdwarf-version=5"],
        &[
            "-Cdebuginfo=line-tables-only",
            "-Csymbol-mangling-version=v0",
        ],
    ] {
        let image = open(&build("searched", "lines", flags));
        for (query, name) in [
            ("called", "searched::called"),
            ("searched::host", "searched::host"),
        ] {
            let function = only(&image, query);
            assert_eq!(
                (&*function.path, &*function.name),
                (name, name),
                "{flags:?}"
            );
            assert!(
                function
                    .declaration
                    .path
                    .as_ref()
                    .unwrap()
                    .ends_with("searched.rs")
            );
            assert_eq!(
                image.function_at(function.entry + 1).as_ref(),
                Some(&function)
            );
            assert_eq!(image.inline_chain(function.entry).last(), Some(&function));
            assert_eq!(image.variables(function.die).unwrap(), []);
            assert_eq!(image.return_type(function.die).unwrap(), None);
            let spans = image.line_spans(function.entry, 0).unwrap().spans;
            assert!(spans.iter().all(|span| span.code.0 < span.code.1));
        }
        let called = only(&image, "called");
        let line = line_of("searched", "called");
        assert!(
            (line - 1..=line).contains(&called.declaration.line),
            "{flags:?}"
        );
        let lines = image.line_spans(called.entry, 0).unwrap().spans;
        assert!(lines.iter().any(|span| span.line == line), "{flags:?}");
        // An instance may have no rows of its own left.
        for instance in inlined(&image, "only_inlined") {
            let path = instance.declaration.path;
            assert!(path.is_none_or(|path| path.ends_with("searched.rs")));
        }
    }
}

#[test]
fn searches_end_when_they_are_cancelled() {
    let image = open(&build("searched", "debug", &[]));
    let monitor = Monitor::default();
    monitor.request_end();
    let cancelled = |failed: Option<Error>| matches!(failed, Some(Error::Cancelled));
    assert!(cancelled(image.find_functions("main", &monitor).err()));
    assert!(cancelled(
        image.find_functions_matching("x", 9, &monitor).err()
    ));
    assert!(cancelled(
        image.find_inlined_matching("x", 9, &monitor).err()
    ));
    assert!(cancelled(image.symbols_matching("x", 9, &monitor).err()));
    assert!(cancelled(image.symbols_named("main", &monitor).err()));
    assert!(cancelled(image.find_files("main.rs", &monitor).err()));
    assert_eq!(functions(&image, "searched::main").len(), 1);
}

#[test]
fn a_search_tells_how_far_it_is() {
    let image = open(&build("searched", "debug", &[]));
    let monitor = Monitor::default();
    assert_eq!(monitor.progress(), (0, 0));
    image.symbols_matching("^no such$", 10, &monitor).unwrap();
    let (done, total) = monitor.progress();
    assert!(0 < done && done <= total, "{done} of {total}");
    let names = Monitor::default();
    image.await_names(&names).unwrap();
    let (done, total) = names.progress();
    assert!(done <= total, "{done} of {total}");
}
