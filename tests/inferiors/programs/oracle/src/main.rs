//! A stop at which every variable of the oracle is a local.

// Bindings exist to be looked at by a debugger.
#![allow(unused_variables, dead_code, clippy::all)]

#[rustfmt::skip]
mod data;

/// Passing a value here keeps it alive, and in memory.
#[inline(never)]
fn keep(values: &[&dyn std::fmt::Debug]) {
    // The oldest compilers of the tests have no `black_box`.
    unsafe { std::ptr::read_volatile(&values) };
}

fn main() {
    ready::say("ready");
    let a_u8 = data::a_u8();
    let b_u8 = data::b_u8();
    let a_i8 = data::a_i8();
    let a_u16 = data::a_u16();
    let a_i16 = data::a_i16();
    let a_i32 = data::a_i32();
    let b_i32 = data::b_i32();
    let a_u32 = data::a_u32();
    let a_i64 = data::a_i64();
    let a_u64 = data::a_u64();
    let a_u128 = data::a_u128();
    let a_i128 = data::a_i128();
    let a_usize = data::a_usize();
    let b_usize = data::b_usize();
    let a_isize = data::a_isize();
    let a_f32 = data::a_f32();
    let b_f32 = data::b_f32();
    let a_f64 = data::a_f64();
    let b_f64 = data::b_f64();
    let nan = data::nan();
    let inf = data::inf();
    let yes = data::yes();
    let no = data::no();
    let a_char = data::a_char();
    let b_char = data::b_char();
    let c_char = data::c_char();
    let text = data::text();
    let empty_text = data::empty_text();
    let word = data::word();
    let digits = data::digits();
    let list = data::list();
    let sorted = data::sorted();
    let empty_list = data::empty_list();
    let bytes = data::bytes();
    let floats = data::floats();
    let singles = data::singles();
    let words = data::words();
    let strings = data::strings();
    let nested = data::nested();
    let options = data::options();
    let some_options = data::some_options();
    let results = data::results();
    let pairs = data::pairs();
    let points = data::points();
    let array = data::array();
    let chars = data::chars();
    let deque = data::deque();
    let map = data::map();
    let text_map = data::text_map();
    let tree = data::tree();
    let text_tree = data::text_tree();
    let set = data::set();
    let tree_set = data::tree_set();
    let number_set = data::number_set();
    let other_set = data::other_set();
    let some = data::some();
    let none = data::none();
    let some_text = data::some_text();
    let some_some = data::some_some();
    let ok = data::ok();
    let err = data::err();
    let pair = data::pair();
    let triple = data::triple();
    let point = data::point();
    let other_point = data::other_point();
    let color = data::color();
    let colors = data::colors();
    let circle = data::circle();
    let rect = data::rect();
    let shapes = data::shapes();
    let named = data::named();
    let boxed = data::boxed();
    let shared = data::shared();
    let cell = data::cell();
    let ref_cell = data::ref_cell();
    let number_ref = data::number_ref();
    let slice = data::slice();
    let range = data::range();
    let all: &[&dyn std::fmt::Debug] = &[
        &a_u8,
        &b_u8,
        &a_i8,
        &a_u16,
        &a_i16,
        &a_i32,
        &b_i32,
        &a_u32,
        &a_i64,
        &a_u64,
        &a_u128,
        &a_i128,
        &a_usize,
        &b_usize,
        &a_isize,
        &a_f32,
        &b_f32,
        &a_f64,
        &b_f64,
        &nan,
        &inf,
        &yes,
        &no,
        &a_char,
        &b_char,
        &c_char,
        &text,
        &empty_text,
        &word,
        &digits,
        &list,
        &sorted,
        &empty_list,
        &bytes,
        &floats,
        &singles,
        &words,
        &strings,
        &nested,
        &options,
        &some_options,
        &results,
        &pairs,
        &points,
        &array,
        &chars,
        &deque,
        &map,
        &text_map,
        &tree,
        &text_tree,
        &set,
        &tree_set,
        &number_set,
        &other_set,
        &some,
        &none,
        &some_text,
        &some_some,
        &ok,
        &err,
        &pair,
        &triple,
        &point,
        &other_point,
        &color,
        &colors,
        &circle,
        &rect,
        &shapes,
        &named,
        &boxed,
        &shared,
        &cell,
        &ref_cell,
        &number_ref,
        &slice,
        &range,
    ];
    // What was handed out is in memory at the stop, also where the optimiser has been.
    keep(all);
    ready::say("stop"); // @oracle
    keep(all);
}
