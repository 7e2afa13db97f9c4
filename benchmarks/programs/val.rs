//! Large collections to be shown.

use std::collections::{BTreeMap, HashMap};
use std::hint::black_box;

#[derive(Debug)]
struct Point {
    x: i32,
    y: i32,
}

#[inline(never)]
fn filled(
    numbers: &Vec<u64>,
    texts: &Vec<String>,
    points: &Vec<Point>,
    squares: &HashMap<u64, u64>,
    names: &HashMap<String, u64>,
    tree: &BTreeMap<u64, String>,
) {
    black_box((numbers, texts, points, squares, names, tree));
}

fn main() {
    let numbers: Vec<u64> = (0..1_000_000).collect();
    let texts: Vec<String> = (0..100_000).map(|n| format!("text {n}")).collect();
    let points: Vec<Point> = (0..100_000).map(|n| Point { x: n, y: -n }).collect();
    let squares: HashMap<u64, u64> = (0..1_000_000).map(|n| (n, n * n)).collect();
    let names: HashMap<String, u64> = (0..100_000).map(|n| (format!("name {n}"), n)).collect();
    let tree: BTreeMap<u64, String> = (0..100_000).map(|n| (n, n.to_string())).collect();
    filled(&numbers, &texts, &points, &squares, &names, &tree);
    println!("{}", points[1].x + points[1].y);
}
