// One function for each variable of the oracle: the generator of expressions reads their
// signatures, and every expression gets those that it mentions.

use std::cell::{Cell, RefCell};
use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::hash::BuildHasherDefault;
use std::rc::Rc;

/// A hasher without a seed: the order of a table is the same in every run.
pub type Fixed = BuildHasherDefault<DefaultHasher>;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Point {
    pub x: i32,
    pub y: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Color {
    Red,
    Green = 5,
    Blue,
}

#[derive(Debug, Clone, PartialEq, PartialOrd)]
pub enum Shape {
    Circle(f64),
    Rect { w: u32, h: u32 },
    Empty,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Named(pub String, pub u16);

pub fn a_u8() -> u8 { 200 }
pub fn b_u8() -> u8 { 7 }
pub fn a_i8() -> i8 { -128 }
pub fn a_u16() -> u16 { 65535 }
pub fn a_i16() -> i16 { -300 }
pub fn a_i32() -> i32 { -5 }
pub fn b_i32() -> i32 { 2147483647 }
pub fn a_u32() -> u32 { 31 }
pub fn a_i64() -> i64 { -9223372036854775808 }
pub fn a_u64() -> u64 { 18446744073709551615 }
pub fn a_u128() -> u128 { 340282366920938463463374607431768211455 }
pub fn a_i128() -> i128 { -170141183460469231731687303715884105728 }
pub fn a_usize() -> usize { 3 }
pub fn b_usize() -> usize { 0 }
pub fn a_isize() -> isize { -1 }
pub fn a_f32() -> f32 { 0.3 }
pub fn b_f32() -> f32 { -16777216.0 }
pub fn a_f64() -> f64 { -0.5 }
pub fn b_f64() -> f64 { 1e300 }
pub fn nan() -> f64 { f64::NAN }
pub fn inf() -> f32 { f32::INFINITY }
pub fn yes() -> bool { true }
pub fn no() -> bool { false }
pub fn a_char() -> char { 'ß' }
pub fn b_char() -> char { '7' }
pub fn c_char() -> char { '一' }
pub fn text() -> String { String::from("Hello, Wörld  x\r\n second line\n\n ünd 42") }
pub fn empty_text() -> String { String::new() }
pub fn word() -> &'static str { "abracadabra" }
pub fn digits() -> &'static str { "-17" }
pub fn list() -> Vec<i32> { vec![3, -1, 4, 1, -5, 9, 2, 6] }
pub fn sorted() -> Vec<u64> { vec![1, 2, 2, 3, 5, 8, 13] }
pub fn empty_list() -> Vec<i32> { Vec::new() }
pub fn bytes() -> Vec<u8> { vec![0, 104, 105, 255, 65, 122] }
pub fn floats() -> Vec<f64> { vec![1.5, -0.0, 2.25, 100.0] }
pub fn singles() -> Vec<f32> { vec![0.1, 0.2, 0.7] }
pub fn words() -> Vec<&'static str> { vec!["alpha", "Beta", "gamma", "", "beta"] }
pub fn strings() -> Vec<String> { vec![String::from("12"), String::from("x9"), String::from("-3")] }
pub fn nested() -> Vec<Vec<u8>> { vec![vec![1, 2], vec![], vec![3]] }
pub fn options() -> Vec<Option<u8>> { vec![Some(1), None, Some(3)] }
pub fn some_options() -> Vec<Option<u8>> { vec![Some(4), Some(5)] }
pub fn results() -> Vec<Result<i32, String>> { vec![Ok(1), Err(String::from("bad")), Ok(-2)] }
pub fn pairs() -> Vec<(u8, char)> { vec![(1, 'a'), (2, 'b'), (1, 'c')] }
pub fn points() -> Vec<Point> { vec![Point { x: 2, y: 1 }, Point { x: -1, y: 9 }] }
pub fn array() -> [i16; 4] { [10, -20, 30, 30] }
pub fn chars() -> [char; 3] { ['x', 'ü', ' '] }
pub fn deque() -> VecDeque<u16> { let mut d: VecDeque<u16> = (1..6).collect(); d.rotate_left(2); d.push_front(9); d }
pub fn map() -> HashMap<u8, u32, Fixed> { [(1, 10), (2, 20), (3, 30)].into_iter().collect() }
pub fn text_map() -> HashMap<String, i64, Fixed> { [(String::from("a"), 1), (String::from("b"), -2)].into_iter().collect() }
pub fn tree() -> BTreeMap<i32, &'static str> { [(1, "one"), (5, "five"), (-3, "minus"), (9, "nine")].into_iter().collect() }
pub fn text_tree() -> BTreeMap<String, u8> { [(String::from("k"), 1), (String::from("z"), 26)].into_iter().collect() }
pub fn set() -> HashSet<u16, Fixed> { [4, 8, 15].into_iter().collect() }
pub fn tree_set() -> BTreeSet<char> { "hello".chars().collect() }
pub fn number_set() -> BTreeSet<i32> { [7, -2, 0, 12].into_iter().collect() }
pub fn other_set() -> BTreeSet<i32> { [0, 12, 99].into_iter().collect() }
pub fn some() -> Option<i32> { Some(7) }
pub fn none() -> Option<i32> { None }
pub fn some_text() -> Option<String> { Some(String::from("inside")) }
pub fn some_some() -> Option<Option<u8>> { Some(None) }
pub fn ok() -> Result<u8, String> { Ok(5) }
pub fn err() -> Result<u8, String> { Err(String::from("no")) }
pub fn pair() -> (i32, &'static str) { (4, "four") }
pub fn triple() -> (u8, f32, Option<char>) { (1, 0.5, Some('q')) }
pub fn point() -> Point { Point { x: -7, y: 3 } }
pub fn other_point() -> Point { Point { x: -7, y: 4 } }
pub fn color() -> Color { Color::Green }
pub fn colors() -> Vec<Color> { vec![Color::Blue, Color::Red] }
pub fn circle() -> Shape { Shape::Circle(1.5) }
pub fn rect() -> Shape { Shape::Rect { w: 2, h: 3 } }
pub fn shapes() -> Vec<Shape> { vec![Shape::Rect { w: 1, h: 2 }, Shape::Empty, Shape::Circle(0.5)] }
pub fn named() -> Named { Named(String::from("n"), 6) }
pub fn boxed() -> Box<i32> { Box::new(12) }
pub fn shared() -> Rc<String> { Rc::new(String::from("shared")) }
pub fn cell() -> Cell<u8> { Cell::new(3) }
pub fn ref_cell() -> RefCell<Vec<u8>> { RefCell::new(vec![1, 2, 3]) }
pub fn number_ref() -> &'static i32 { &-9 }
pub fn slice() -> &'static [u32] { &[5, 6, 7, 8, 9] }
pub fn range() -> std::ops::Range<u8> { 2..6 }
