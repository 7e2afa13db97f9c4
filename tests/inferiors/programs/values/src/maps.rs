//! Maps and sets, with keys of many kinds and another hasher.

use std::cmp::{Ordering, Reverse};
use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::BuildHasherDefault;

use ready::keep;

#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Key {
    id: u32,
    name: String,
}

pub fn maps() {
    let words: HashMap<String, u32> = [("one", 1), ("two", 2), ("three", 3)]
        .map(|(word, number)| (word.to_string(), number))
        .into_iter()
        .collect();
    let numbers: HashMap<u64, u64> = (0..500).map(|n| (n, n * n)).collect();
    let single: HashMap<&str, &str> = [("only", "one")].into_iter().collect();
    let empty_map: HashMap<u8, u8> = HashMap::new();
    let mut removed: HashMap<u32, u32> = (0..20).map(|n| (n, n)).collect();
    removed.retain(|key, _| key % 7 == 0);
    let structs: HashMap<Key, Vec<u8>> = [(
        Key {
            id: 1,
            name: "k".into(),
        },
        vec![1, 2],
    )]
    .into_iter()
    .collect();
    let tuples: HashMap<(i32, i32), &str> = [((1, 2), "a"), ((3, 4), "b")].into_iter().collect();
    let hashed: HashMap<u8, bool, BuildHasherDefault<DefaultHasher>> =
        [(1, true)].into_iter().collect();
    let zero_sized: HashMap<(), ()> = [((), ())].into_iter().collect();
    let set: HashSet<char> = ['a', 'b'].into_iter().collect();
    let tree: BTreeMap<u32, String> = (0..50).map(|n| (n, format!("v{n}"))).collect();
    let small_tree: BTreeMap<&str, f64> = [("pi", 3.25), ("e", 2.75)].into_iter().collect();
    let empty_tree: BTreeMap<u32, u32> = BTreeMap::new();
    let tree_set: BTreeSet<i64> = (-3..3).collect();
    let nested: BTreeMap<u8, HashMap<u8, Vec<u8>>> = [(1, [(2, vec![3])].into_iter().collect())]
        .into_iter()
        .collect();
    keep(&(&words, &numbers, &tree)); // @maps
}

/// Ordered by what is left of a division, then by the number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Residue(u32);

impl Ord for Residue {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.0 % 7, self.0).cmp(&(other.0 % 7, other.0))
    }
}

impl PartialOrd for Residue {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Trees of several levels, whose look-ups descend where the order of keys is known.
#[inline(never)]
pub fn trees() {
    let deep: BTreeMap<i64, i64> = (-1000..2000).map(|n| (n * 3, n)).collect();
    let texts: BTreeMap<String, usize> = (0..300).map(|n| (format!("k{n}"), n)).collect();
    let pairs: BTreeSet<(u8, char)> = (0..100).flat_map(|n| [(n, 'a'), (n, 'z')]).collect();
    let references: BTreeSet<&i64> = deep.values().collect();
    let backwards: BTreeMap<Reverse<u32>, u32> = (0..200).map(|n| (Reverse(n), n)).collect();
    let residues: BTreeMap<Residue, u32> = (0..200).map(|n| (Residue(n), n)).collect();
    let mut emptied = deep.clone();
    emptied.retain(|_, _| false);
    keep(&(&backwards, &residues, &emptied));
    keep(&(&deep, &texts, &pairs, &references)); // @trees
}
