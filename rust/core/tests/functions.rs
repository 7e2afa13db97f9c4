//! Functions by name and by address, inline instances, lines.

mod programs;

use crabtrap_core::{Image, Monitor};
use programs::{files, for_each_profile, functions, inlined, line_of, only, zoo};

fn paths(image: &Image, query: &str) -> Vec<String> {
    let found = functions(image, query);
    found.into_iter().map(|function| function.path).collect()
}

#[test]
fn functions_are_found_by_any_trailing_part() {
    for_each_profile(|profile, image| {
        let norm2 = only(image, "Point::norm2");
        assert!(norm2.name.ends_with("Point::norm2"), "{profile}");
        assert_eq!(only(image, "zoo::Point::norm2"), norm2);
        assert_eq!(only(image, "inner::norm2").name, "zoo::inner::norm2");
        assert_eq!(functions(image, "norm2").len(), 2);
        assert_eq!(only(image, "zoo::main").path, "zoo::main");
        assert!(functions(image, "no_such_function").is_empty());
        assert!(functions(image, "").is_empty());
    });
}

#[test]
fn generics_may_be_given() {
    for_each_profile(|_, image| {
        assert_eq!(paths(image, "zoo::generic").len(), 2);
        assert_eq!(only(image, "generic<&str>").name, "zoo::generic<&str>");
        assert_eq!(only(image, "generic::<i32>").name, "zoo::generic<i32>");
        let push = only(image, "Stack::push");
        assert_eq!(only(image, "Stack<i32>::push"), push);
        assert!(functions(image, "Stack<u8>::push").is_empty());
    });
}

#[test]
fn trait_methods_are_found_by_type_and_by_trait() {
    for_each_profile(|_, image| {
        let name = only(image, "<Dog as Animal>::name");
        assert_eq!(name.path, "<zoo::Dog as zoo::Animal>::name");
        assert_eq!(name.name, "zoo::{impl#0}::name");
        assert_eq!(only(image, "Dog::name"), name);
        assert_eq!(only(image, "Animal::name"), name);
        assert_eq!(only(image, "zoo::name"), name);
        assert_eq!(only(image, "{impl#0}::name"), name);
    });
}

#[test]
fn closures_are_found_by_number() {
    for_each_profile(|_, image| {
        let closure = only(image, "main::{closure#0}");
        assert_eq!(closure.name, "zoo::main::{closure#0}");
        assert!(!paths(image, "zoo::main").contains(&closure.path));
    });
}

#[test]
fn patterns_match_paths() {
    for_each_profile(|_, image| {
        let found = image
            .find_functions_matching("^zoo::inner::", 10, &Monitor::default())
            .unwrap();
        assert_eq!(found.len(), 1);
        assert!(
            image
                .find_functions_matching("(", 10, &Monitor::default())
                .is_err()
        );
        assert_eq!(
            image
                .find_functions_matching("::", 3, &Monitor::default())
                .unwrap()
                .len(),
            3
        );
    });
}

#[test]
fn an_address_leads_back_to_its_function() {
    for_each_profile(|_, image| {
        let norm2 = only(image, "Point::norm2");
        let (start, end) = norm2.ranges[0];
        assert_eq!(norm2.entry, start);
        for address in [start, u64::midpoint(start, end), end - 1] {
            assert_eq!(image.function_at(address).as_ref(), Some(&norm2));
        }
        assert_ne!(image.function_at(end).as_ref(), Some(&norm2));
        assert_eq!(image.function_at(0), None);
        assert_eq!(image.function_at(u64::MAX), None);
        assert_eq!(image.symbol_at(start + 1).unwrap().address, start);
        assert!(norm2.declaration.path.unwrap().ends_with("/zoo.rs"));
    });
}

#[test]
fn inline_instances_have_their_call_sites() {
    for_each_profile(|profile, image| {
        let instances = inlined(image, "zoo::doubled");
        let lines: Vec<u32> = instances
            .iter()
            .map(|instance| instance.call.as_ref().unwrap().line)
            .collect();
        let first = line_of("zoo", "first");
        assert_eq!(lines, [first, first + 1], "{profile}");
        let row = instances[0].ranges[0].0;
        let chain = image.inline_chain(row);
        assert_eq!(chain.last().unwrap().path, "zoo::main");
        assert_eq!(chain[chain.len() - 2].die, instances[0].die);
        assert_eq!(instances[0].origin, instances[1].origin);
        let names: Vec<_> = image
            .variables(instances[0].die)
            .unwrap()
            .into_iter()
            .map(|variable| variable.name)
            .collect();
        assert_eq!(names, ["number", "twice"]);
    });
}

#[test]
fn lines_lead_to_addresses_and_back() {
    for_each_profile(|profile, image| {
        let files = files(image, "programs/zoo.rs");
        assert_eq!(files.len(), 1, "{profile}");
        let line = line_of("zoo", "inner");
        let rows = image.rows_for_line(&files[0], line);
        assert!(!rows.is_empty());
        let norm2 = only(image, "Point::norm2");
        for row in &rows {
            assert!(row.is_stmt && row.line == line && row.address < row.end);
            assert_eq!(image.function_at(row.address).unwrap(), norm2);
            assert_eq!(image.row_at(row.end - 1).as_ref(), Some(row));
        }
        let lines = image.lines_with_code(&files[0]);
        assert!(lines.is_sorted() && lines.contains(&line) && !lines.contains(&1));
        // Both instances of an inlined function have rows for its lines.
        let inlined = image.rows_for_line(&files[0], line_of("zoo", "doubled"));
        assert!(inlined.len() >= 2);
    });
}

#[test]
fn rows_of_a_function_leave_no_gap() {
    for_each_profile(|_, image| {
        let (start, end) = only(image, "zoo::main").ranges[0];
        let rows = image.rows_between(start, end);
        assert_eq!(rows[0].address, start);
        assert_eq!(rows.last().unwrap().end, end);
        assert!(rows.windows(2).all(|pair| pair[0].end == pair[1].address));
        assert!(rows.iter().any(|row| row.prologue_end));
        assert!(image.rows_between(end, start).is_empty());
    });
}

#[test]
fn only_the_units_asked_about_are_read() {
    let image = zoo("units");
    assert_eq!(image.units_loaded(), 0);
    let norm2 = only(&image, "Point::norm2");
    image.variables(norm2.die).unwrap();
    image.rows_between(norm2.ranges[0].0, norm2.ranges[0].1);
    assert!(image.units_loaded() <= 2, "{}", image.units_loaded());
    assert!(image.unit_count() > 10);
}
