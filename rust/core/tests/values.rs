//! Variables, types and statics.

mod programs;

use crabtrap_core::{
    DebugLevel, DieId, Encoding, Image, Monitor, Type, TypeKind, Variable, VariableKind,
};
use programs::{build, for_each_profile, inlined, only, open};

fn variables(image: &Image, function: &str) -> Vec<Variable> {
    image.variables(only(image, function).die).unwrap()
}

#[track_caller]
fn named(variables: &[Variable], name: &str) -> Variable {
    let found = variables.iter().find(|variable| variable.name == name);
    found.unwrap_or_else(|| panic!("no {name}")).clone()
}

fn type_of(image: &Image, variable: &Variable) -> Type {
    image.type_at(variable.type_die.unwrap()).unwrap()
}

fn target(image: &Image, kind: &Type) -> Type {
    image.type_at(kind.target.unwrap()).unwrap()
}

#[test]
fn parameters_come_first_and_shadows_are_deeper() {
    for_each_profile(|profile, image| {
        let found = variables(image, "Point::norm2");
        let described: Vec<_> = found
            .iter()
            .map(|variable| (variable.name.as_str(), variable.kind, variable.depth))
            .collect();
        assert_eq!(
            described,
            [
                ("self", VariableKind::Parameter, 0),
                ("square", VariableKind::Local, 1),
                ("square", VariableKind::Local, 2),
            ],
            "{profile}"
        );
        let inner = found[2].ranges[0];
        let is_inside = |outer: &(u64, u64)| outer.0 <= inner.0 && inner.1 <= outer.1;
        assert!(found[1].ranges.iter().any(is_inside), "{profile}");
        assert!(found.iter().all(|variable| variable.has_location));
    });
}

#[test]
fn structs_tuples_arrays_and_pointers() {
    for_each_profile(|_, image| {
        let found = variables(image, "zoo::main");
        let dog = type_of(image, &named(&found, "dog"));
        assert_eq!(
            (dog.kind, dog.path.as_str()),
            (TypeKind::Struct, "zoo::Dog")
        );
        assert_eq!(dog.members.len(), 2);
        assert!(!dog.is_tuple);
        let array = type_of(image, &named(&found, "array"));
        assert_eq!(
            (array.kind, array.count, array.size),
            (TypeKind::Array, Some(3), Some(6))
        );
        let item = target(image, &array);
        assert_eq!(
            (item.name.as_str(), item.encoding),
            ("u16", Encoding::Unsigned)
        );
        let stack = type_of(image, &named(&found, "stack"));
        assert_eq!(stack.template_arguments[0].0, "T");
        let animal = type_of(image, &named(&found, "animal"));
        assert_eq!(animal.size, Some(16));
        let wrapper = image.find_types("Wrapper");
        assert!(image.type_at(wrapper[0]).unwrap().is_tuple);
        let self_type = type_of(image, &variables(image, "Point::norm2")[0]);
        assert_eq!(
            (self_type.kind, self_type.size),
            (TypeKind::Reference, Some(8))
        );
        assert_eq!(target(image, &self_type).path, "zoo::Point");
    });
}

#[test]
fn enums_say_which_values_select_a_variant() {
    for_each_profile(|profile, image| {
        let found = variables(image, "zoo::shapes");
        let shape = target(image, &type_of(image, &named(&found, "shape")));
        let part = shape.variants.unwrap();
        let variants: Vec<_> = part
            .variants
            .iter()
            .map(|variant| (variant.name.as_str(), variant.discriminants.as_slice()))
            .collect();
        assert_eq!(
            variants,
            [
                ("Nothing", &[(0, 0)][..]),
                ("Circle", &[(1, 1)]),
                ("Rect", &[(2, 2)])
            ],
            "{profile}"
        );
        let rect = image.type_at(part.variants[2].type_die).unwrap();
        assert_eq!(rect.path, "zoo::Shape::Rect");
        assert_eq!(rect.members[1].name, "height");

        // The niche of an optional string: one value selects `None`, all others `Some`.
        let none = target(image, &type_of(image, &named(&found, "none")));
        let part = none.variants.unwrap();
        assert_eq!(part.variants[0].discriminants, [(1 << 63, 1 << 63)]);
        assert_eq!(part.variants[1].discriminants, []);

        let signed = type_of(image, &named(&found, "signed"));
        assert_eq!(signed.kind, TypeKind::Enum);
        assert_eq!(
            signed.enumerators,
            [("Below".to_owned(), 0xfd), ("Above".to_owned(), 5)]
        );
    });
}

#[test]
fn discriminants_of_128_bits_are_whole() {
    for_each_profile(|profile, image| {
        let found = variables(image, "zoo::shapes");
        let wide = target(image, &type_of(image, &named(&found, "wide")));
        let part = wide.variants.unwrap();
        let values: Vec<u128> = part
            .variants
            .iter()
            .map(|variant| variant.discriminants[0].0)
            .collect();
        assert_eq!(values, [1, 1 << 80, u128::MAX], "{profile}");
    });
}

#[test]
fn coroutines_are_enums_of_their_suspend_points() {
    for_each_profile(|_, image| {
        let found = image.find_types("{async_fn_env#0}");
        let types = found.iter().map(|die| image.type_at(*die).unwrap());
        let waiting = types
            .into_iter()
            .find(|kind| kind.path == "zoo::waiting::{async_fn_env#0}")
            .unwrap();
        let part = waiting.variants.unwrap();
        let names: Vec<_> = part.variants.iter().map(|variant| &*variant.name).collect();
        assert_eq!(names, ["Unresumed", "Returned", "Panicked", "Suspend0"]);
        assert!(part.variants[3].declaration.line > 0);
    });
}

#[test]
fn statics_are_found_by_path() {
    for_each_profile(|profile, image| {
        assert_eq!(image.find_statics("COUNTER").len(), 2, "{profile}");
        let inner = &image.find_statics("inner::COUNTER")[0];
        assert_eq!(inner.path, "zoo::inner::COUNTER");
        assert_eq!(inner.kind, VariableKind::Static);
        assert!(inner.ranges.is_empty() && inner.has_location);
        let symbol = &image
            .symbols_named(
                inner.linkage_name.as_ref().expect(profile),
                &Monitor::default(),
            )
            .unwrap()[0];
        assert_eq!(image.static_at(symbol.address).unwrap().die, inner.die);
        assert!(image.find_statics("zoo::nothing").is_empty());
        assert!(image.static_at(1).is_none());
        assert!(!image.find_statics("__RUST_STD_INTERNAL_VAL").is_empty());
    });
}

#[test]
fn vtables_name_the_concrete_type() {
    for_each_profile(|_, image| {
        let vtables = image.find_statics("<Dog as Animal>::{vtable}");
        let vtable = type_of(image, &vtables[0]);
        let concrete = image.type_at(vtable.containing.unwrap()).unwrap();
        assert_eq!(concrete.path, "zoo::Dog");
    });
}

#[test]
fn types_are_found_by_path() {
    for_each_profile(|profile, image| {
        let paths = |query: &str| -> Vec<String> {
            let found = image.find_types(query);
            found
                .iter()
                .map(|die| image.type_at(*die).unwrap().path)
                .collect()
        };
        assert_eq!(paths("Point"), ["zoo::Point"], "{profile}");
        assert_eq!(paths("zoo::Stack<i32>"), ["zoo::Stack<i32>"]);
        assert_eq!(paths("Option<alloc::string::String>").len(), 1);
        assert_eq!(paths("Option< String >").len(), 1);
        assert_eq!(paths("&str"), ["&str"]);
        assert_eq!(paths("u16"), ["u16"]);
        assert!(paths("zoo::Nothing").is_empty());
    });
}

#[test]
fn function_signatures() {
    for_each_profile(|_, image| {
        let push = only(image, "Stack::push");
        let arguments = image.template_arguments(push.die).unwrap();
        assert_eq!(arguments[0].0, "T");
        assert_eq!(image.type_at(arguments[0].1).unwrap().name, "i32");
        let result = image.return_type(push.die).unwrap().unwrap();
        assert_eq!(image.type_at(result).unwrap().name, "usize");
        assert_eq!(
            image.return_type(only(image, "zoo::main").die).unwrap(),
            None
        );
    });
}

#[test]
fn names_complete() {
    use crabtrap_core::CompletionKind::{Function, Static, Type};
    for_each_profile(|_, image| {
        assert_eq!(
            image
                .complete("zoo::Poi", &[Type], 10, &Monitor::default())
                .unwrap(),
            ["zoo::Point"]
        );
        assert_eq!(
            image
                .complete("Point::no", &[Function], 10, &Monitor::default())
                .unwrap(),
            ["Point::norm2"]
        );
        assert_eq!(
            image
                .complete("zo", &[Type], 10, &Monitor::default())
                .unwrap(),
            ["zoo::"]
        );
        assert!(
            image
                .complete("zoo::inner::", &[Static], 10, &Monitor::default())
                .unwrap()
                .contains(&"zoo::inner::COUNTER".into())
        );
        assert_eq!(
            image
                .complete("", &[Type], 3, &Monitor::default())
                .unwrap()
                .len(),
            3
        );
        assert!(
            image
                .complete(
                    "zoo::no_such",
                    &[Type, Function, Static],
                    10,
                    &Monitor::default()
                )
                .unwrap()
                .is_empty()
        );
    });
}

#[test]
fn numbers_that_name_nothing_are_refused() {
    for_each_profile(|_, image| {
        for number in [0, 1, 0xff_ffff_ffff, 1 << 40, 3 << 40 | 7, u64::MAX] {
            let die = DieId(number);
            assert!(image.variables(die).is_err() || image.type_at(die).is_ok());
        }
        assert!(image.type_at(DieId(u64::MAX)).is_err());
    });
}

#[test]
fn optimised_programs_keep_what_they_lost_by_name() {
    let image = open(&build("zoo", "optimised", &["-Copt-level=3"]));
    let main = only(&image, "zoo::main");
    let found = image.variables(main.die).unwrap();
    assert!(found.iter().any(|variable| variable.name == "dog"));
    for function in inlined(&image, "doubled") {
        let found = image.variables(function.die).unwrap();
        let mut names: Vec<_> = found.iter().map(|variable| &*variable.name).collect();
        // A block that was split up is in the file once for each part.
        names.dedup();
        assert_eq!(names, ["number", "twice"]);
    }
    assert_eq!(image.problems(), Vec::<String>::new());
}

#[test]
fn whole_program_optimisation_links_units() {
    let image = open(&build("zoo", "lto", &["-Copt-level=2", "-Clto=fat"]));
    let main = only(&image, "zoo::main");
    for address in (main.ranges[0].0..main.ranges[0].1).step_by(7) {
        let chain = image.inline_chain(address);
        assert!(chain.iter().all(|function| !function.name.is_empty()));
    }
    assert_eq!(image.problems(), Vec::<String>::new());
}

#[test]
fn levels_of_debug_information_are_told_apart() {
    let level = |profile: &str, flags: &[&str]| open(&build("zoo", profile, flags)).debug_level();
    assert_eq!(level("debug", &[]), DebugLevel::Full);
    assert_eq!(
        level("packed", &["-Csplit-debuginfo=packed"]),
        DebugLevel::Full
    );
    assert_eq!(
        level("lines", &["-Cdebuginfo=line-tables-only"]),
        DebugLevel::Lines
    );
    assert_eq!(
        level("stripped", &["-Cstrip=debuginfo"]),
        DebugLevel::Symbols
    );
}
