//! Queries against paths as they occur in real programs.

use super::PathQuery;

#[track_caller]
fn check(query: &str, path: &str, expected: bool) {
    let matches = PathQuery::parse(query).matches(path);
    assert_eq!(matches, expected, "{query} against {path}");
}

#[test]
fn trailing_segments_match() {
    check("norm2", "all::Point::norm2", true);
    check("Point::norm2", "all::Point::norm2", true);
    check("all::Point::norm2", "all::Point::norm2", true);
    check("oint::norm2", "all::Point::norm2", false);
    check("norm", "all::Point::norm2", false);
    check("other::all::Point::norm2", "all::Point::norm2", false);
    check("", "all::main", false);
}

#[test]
fn generics_may_be_left_out_or_given() {
    check("generic", "all::generic::<&str>", true);
    check("generic", "all::generic<&str>", true);
    check("generic::<&str>", "all::generic<&str>", true);
    check("generic<u8>", "all::generic<&str>", false);
    check(
        "Vec<i32>::push",
        "alloc::vec::Vec<i32, alloc::alloc::Global>::push",
        true,
    );
    check("Vec<i32>::push", "<alloc::vec::Vec<i32>>::push", true);
    check("Vec::push", "<alloc::vec::Vec<i32>>::push", true);
    check("f::<String>", "a::f::<alloc::string::String>", true);
    check("f::<String>", "a::f::<&alloc::string::String>", false);
    check("f::<&String>", "a::f::<&alloc::string::String>", true);
    check(
        "Option<&Vec<u8>>",
        "core::option::Option<&alloc::vec::Vec<u8>>",
        true,
    );
    check(
        "Option<Vec<u8>>",
        "core::option::Option<alloc::vec::Vec<u16>>",
        false,
    );
    check("Option<(u8, u16)>", "core::option::Option<(u8, u16)>", true);
}

#[test]
fn impl_segments() {
    let path = "<all::Dog as all::Animal>::name";
    check("<Dog as Animal>::name", path, true);
    check("<all::Dog as Animal>::name", path, true);
    check("<Dog>::name", path, true);
    check("Dog::name", path, true);
    check("all::Dog::name", path, true);
    check("Animal::name", path, true);
    check("name", path, true);
    check("Cat::name", path, false);
    check("<Cat as Animal>::name", path, false);
    check("<Dog as Plant>::name", path, false);
    check(
        "<&Dog as Animal>::name",
        "<&all::Dog as all::Animal>::name",
        true,
    );
    check(
        "<Dog as Animal>::name",
        "<&all::Dog as all::Animal>::name",
        false,
    );
    check(
        "Debug::fmt",
        "core::fmt::num::<impl core::fmt::Debug for u32>::fmt",
        true,
    );
    check(
        "u32::fmt",
        "core::fmt::num::<impl core::fmt::Debug for u32>::fmt",
        true,
    );
    check("slice::to_vec", "alloc::slice::<impl [T]>::to_vec", true);
    check("From::from", "<T as core::convert::From<U>>::from", true);
}

#[test]
fn brace_segments_may_be_left_out_inside() {
    check("all::name", "all::{impl#1}::name", true);
    check("{impl#1}::name", "all::{impl#1}::name", true);
    check("{impl#2}::name", "all::{impl#1}::name", false);
    check("main::inner", "all::main::{closure#0}::inner", true);
    check("main::{closure#0}", "all::main::{closure#0}", true);
    check("main::{closure}", "all::main::{closure#7}", true);
    check("main::{closure#0}", "all::main::{{closure}}", true);
    check("main", "all::main::{closure#0}", false);
    check(
        "main::{closure#0}",
        "all::main::{closure#0}::{closure#0}",
        false,
    );
    check(
        "main::{closure#1}",
        "all::main::{closure#0}::{closure#1}",
        false,
    );
    check(
        "main::{closure}",
        "all::main::{closure#0}::{closure#1}",
        false,
    );
    check("{closure#1}", "all::main::{closure#0}::{closure#1}", true);
    check(
        "main::{closure#0}",
        "all::main::{async_fn#0}::{closure#0}",
        true,
    );
    check("Trait::{closure#0}", "all::{impl#1}::{closure#0}", false);
}

#[test]
fn arrows_and_odd_text() {
    check("call", "<fn(u8) -> u8 as core::ops::Fn<(u8,)>>::call", true);
    check("foo", "ns::foo(int)", true);
    check("x", "<<<<>>>>::x", true);
    check("type", "a::type", true);
    check("r#type", "a::type", true);
    check("a<", ">b::a<", true);
}

#[test]
fn the_anchor_is_the_last_plain_name() {
    assert_eq!(PathQuery::parse("a::b::<c>").anchor(), Some("b"));
    assert_eq!(PathQuery::parse("a::{closure#0}").anchor(), Some("a"));
    assert_eq!(PathQuery::parse("{closure#0}").anchor(), None);
}

#[test]
fn many_closures_in_a_path_are_compared_at_once() {
    let closures = "::{closure}".repeat(200);
    let path = format!("a::main{closures}");
    check(&format!("main{closures}"), &path, true);
    check(&format!("other{}", "::{closure}".repeat(100)), &path, false);
    let impls = "<a::T as b::U>::{closure}::".repeat(50);
    check(
        &format!("x::{}f", "{closure}::".repeat(40)),
        &format!("{impls}f"),
        false,
    );
}
