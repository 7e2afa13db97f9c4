//! Iterators with a part of their items taken: what is left is what they are.

use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet, LinkedList, VecDeque};

use ready::keep;

pub fn of_sequences() {
    let numbers = [1u16, 2, 3, 4, 5];
    let mut writable = [1u16, 2, 3];
    let mut written = writable.iter_mut();
    written.next();
    let mut array_owned = ["a".to_string(), "b".to_string(), "c".to_string()].into_iter();
    array_owned.next();
    array_owned.next_back();
    let mut chunks = numbers.chunks(2);
    chunks.next();
    let exact_chunks = numbers.chunks_exact(2);
    let mut windows = numbers.windows(3);
    windows.next();
    let mut vec = vec![10, 20, 30, 40];
    let mut drain = vec.drain(1..);
    drain.next();
    let units = vec![(); 3].into_iter();
    let mut deque: VecDeque<i32> = (0..5).collect();
    deque.rotate_left(3);
    let mut deque_iter = deque.iter();
    deque_iter.next();
    let mut deque_owned = deque.clone().into_iter();
    deque_owned.next();
    let list: LinkedList<u8> = [1, 2, 3, 4].into_iter().collect();
    let mut list_iter = list.iter();
    list_iter.next();
    list_iter.next_back();
    let mut list_owned = list.clone().into_iter();
    list_owned.next();
    let heap: BinaryHeap<u8> = [1, 9].into_iter().collect();
    let heap_iter = heap.iter();
    let option_iter = Some(7).into_iter();
    let used_up = {
        let mut iter = Some(7).into_iter();
        iter.next();
        iter
    };
    let once = std::iter::once("only");
    let empty = std::iter::empty::<u8>();
    keep(&(&numbers, &array_owned, &drain, &list_iter)); // @of_sequences
}

pub fn of_maps() {
    let one: HashMap<&str, u32> = [("only", 1)].into_iter().collect();
    let hash_iter = one.iter();
    let hash_keys = one.keys();
    let hash_values = one.values();
    let mut hash_done = one.iter();
    hash_done.next();
    let hash_owned = one.clone().into_iter();
    let hash_owned_keys = one.clone().into_keys();
    let mut drained = one.clone();
    let hash_drain = drained.drain();
    let many: HashMap<u32, u32> = (0..100).map(|key| (key, key * key)).collect();
    let mut many_iter = many.iter();
    let many_first = many_iter.nth(49).map(|(key, value)| (*key, *value));
    let many_next = many_iter.clone().next();
    let set: HashSet<char> = ['x'].into_iter().collect();
    let set_iter = set.iter();
    let set_owned = set.clone().into_iter();
    let tree: BTreeMap<u32, String> = (0..30).map(|key| (key, format!("v{key}"))).collect();
    let tree_fresh = tree.iter();
    let mut tree_iter = tree.iter();
    tree_iter.nth(25);
    tree_iter.next_back();
    let mut tree_back = tree.iter();
    tree_back.nth_back(27);
    let mut tree_keys = tree.keys();
    tree_keys.nth(26);
    let mut tree_values = tree.values();
    tree_values.nth(27);
    let mut tree_range = tree.range(7..10);
    tree_range.next();
    let tree_empty_range = tree.range(100..);
    let mut tree_owned = tree.clone().into_iter();
    tree_owned.nth(27);
    let tree_set: BTreeSet<u8> = (1..=3).collect();
    let mut tree_set_iter = tree_set.iter();
    tree_set_iter.next();
    keep(&(&hash_iter, &many_iter, &tree_iter, &tree_range)); // @of_maps
}

pub fn of_texts() {
    let text = "grün,blau,rot";
    let mut chars = text.chars();
    chars.next();
    let mut indices = text.char_indices();
    indices.nth(2);
    let mut bytes = text.bytes();
    bytes.nth(10);
    let mut split = text.split(',');
    split.next();
    let mut split_text = text.split(",b");
    split_text.next();
    let mut lines = "one\ntwo\nthree".lines();
    lines.next();
    let mut words = " one two  three".split_whitespace();
    words.next();
    let mut split_done = "a,b".split(',');
    split_done.by_ref().for_each(drop);
    keep(&(&chars, &split, &lines, &split_done)); // @of_texts
}

pub fn adaptors() {
    let numbers = [10, 20, 30, 40];
    let mut enumerated = numbers.iter().enumerate();
    enumerated.next();
    let skipped = numbers.iter().skip(1);
    let taken = numbers.iter().take(2);
    let reversed = numbers.iter().rev();
    let zipped = numbers.iter().zip("abc".bytes());
    let mut zip_started = numbers.iter().zip([1u8, 2, 3].iter());
    zip_started.next();
    let mut chained = numbers[..1].iter().chain(&numbers[2..]);
    let chain_whole = chained.clone();
    chained.nth(1);
    let fresh = numbers.iter().peekable();
    let peeked = {
        let mut peekable = numbers.iter().peekable();
        peekable.peek();
        peekable
    };
    let mut stepped = numbers.iter().step_by(2);
    let step_whole = stepped.clone();
    stepped.next();
    let mut range_stepped = (0..20u32).step_by(5);
    range_stepped.next();
    let mut signed_stepped = (-10..20).step_by(7);
    signed_stepped.next();
    let cloned = numbers.iter().cloned();
    let fused = numbers.iter().fuse();
    let range_reversed = (1..4).rev();
    let layered = numbers.iter().copied().enumerate().skip(1).rev();
    let mapped = numbers.iter().skip(2).map(|number| number + 1);
    let filtered = numbers.iter().rev().filter(|number| **number > 10);
    let cycled = numbers.iter().cycle();
    keep(&(&zipped, &chained, &stepped, &range_stepped, &signed_stepped)); // @adaptors
}
