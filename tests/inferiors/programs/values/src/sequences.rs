//! Sequences, and iterators over them.

use std::collections::{BinaryHeap, LinkedList, VecDeque};
use std::rc::Rc;
use std::sync::Arc;

use ready::keep;

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Item {
    key: u32,
    text: String,
}

fn item(key: u32) -> Item {
    Item {
        key,
        text: format!("item {key}"),
    }
}

pub fn sequences() {
    let vec = vec![1, 2, 3];
    let empty: Vec<u64> = Vec::new();
    let reserved: Vec<u8> = Vec::with_capacity(100);
    let long: Vec<u64> = (0..1000).collect();
    let strings = vec!["one".to_string(), "two".to_string()];
    let items = vec![item(1), item(2)];
    let nested = vec![vec![1u8], vec![], vec![2, 3]];
    let units = vec![(); 5];
    let options = vec![Some(1u8), None];
    let deque: VecDeque<i32> = {
        // Wrapped around the end of its buffer.
        let mut deque: VecDeque<i32> = (0..8).collect();
        deque.rotate_left(5);
        deque.pop_front();
        deque.push_back(100);
        deque
    };
    let slice: &[i32] = &vec[1..];
    let mutable: &mut [i32] = &mut [4, 5];
    let empty_slice: &[i32] = &[];
    let boxed: Box<[u16]> = vec![1, 2].into();
    let rc: Rc<[u8]> = vec![1, 2, 3].into();
    let arc: Arc<[Item]> = vec![item(3)].into();
    let list: LinkedList<u32> = [1, 2, 3].into_iter().collect();
    let heap: BinaryHeap<u32> = [5, 1, 4].into_iter().collect();
    let array_of_vecs = [vec![1], vec![2, 3]];
    let vec_reference = &items;
    keep(&(&vec, &deque, &list, &heap)); // @sequences
}

pub fn iterators() {
    let source = vec![10, 20, 30, 40];
    let mut slice_iter = source.iter();
    slice_iter.next();
    let mut into_iter = source.clone().into_iter();
    into_iter.next();
    into_iter.next_back();
    let deque: VecDeque<u8> = [1, 2, 3].into_iter().collect();
    let mut deque_iter = deque.iter();
    deque_iter.next();
    let mut chars = "añb".chars();
    chars.next();
    let bytes = "xyz".bytes();
    let range = 3..7;
    let inclusive = 1..=4;
    let mapped = source.iter().map(|value| value + 1);
    let enumerated = source.iter().enumerate();
    let chained = source.iter().chain(&[1, 2]);
    let peekable = {
        let mut peekable = source.iter().peekable();
        peekable.peek();
        peekable
    };
    keep(&(&slice_iter, &into_iter, &range)); // @iterators
}
