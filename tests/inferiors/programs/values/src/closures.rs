//! What closures have captured: places, in parts, by reference and by value.

use std::fmt::Debug;

use ready::keep;

#[derive(Clone)]
pub struct Store {
    sizes: Vec<u32>,
    names: Vec<String>,
    hits: u32,
    inner: Inner,
}

#[derive(Clone)]
pub struct Inner {
    small: u8,
    pair: (u16, String),
    with__underscores: i32,
}

trait Count {
    fn count(&mut self, by: u32) -> u32;
}

impl Store {
    #[inline(never)]
    fn hit(&mut self, by: u32) -> u32 {
        let mut add = |times: u32| {
            self.hits += by * times;
            keep(&self.hits); // @in_method
            self.hits
        };
        add(2)
    }
}

impl Count for Store {
    #[inline(never)]
    fn count(&mut self, by: u32) -> u32 {
        let mut add = |times: u32| {
            self.inner.pair.0 += times as u16;
            keep(&(self.inner.with__underscores, by)); // @in_trait_method
            by
        };
        add(3)
    }
}

#[inline(never)]
fn references(word: &str, nums: &mut [u32], boxed: Box<[u8]>, deep: &&str, text: &mut String) {
    let long__name = 4u8;
    let mut closure = |k: u32| {
        nums[0] += k;
        text.push('!');
        keep(&(word.len(), &*nums, boxed.len(), long__name));
        keep(&(deep.len(), &*text, nums.len())); // @by_reference
    };
    closure(1);
}

#[inline(never)]
fn parts(mut store: Store) {
    let mut outer = |a: u32| {
        let mut inner = |b: u32| {
            store.sizes.push(b);
            keep(&(&store.sizes, store.inner.pair.1.len())); // @in_parts
            b
        };
        let r = inner(a);
        keep(&(store.hits, r)); // @outer_parts
    };
    outer(3);
}

#[inline(never)]
fn moved(store: Store, pair: (String, u64), boxed: Box<(u32, String)>) {
    let borrowed = &store;
    let closure = move |k: usize| {
        keep(&(borrowed.sizes.len(), pair.0.len(), boxed.1.len(), k)); // @by_value
    };
    closure(1);
}

#[inline(never)]
fn assigned(mut word: &str) {
    let other = "other";
    let mut closure = || {
        word = other;
        keep(&word); // @assigned
    };
    closure();
}

#[inline(never)]
fn generic<T: Debug + Clone, F: Fn(T) -> u32>(item: T, items: &[T], function: F) {
    let closure = |k: u32| {
        let copy = item.clone();
        keep(&(function(copy), items.len(), k)); // @in_generic
    };
    closure(1);
}

#[inline(never)]
fn shadowing(store: Store) {
    let closure = |k: u32| {
        let hits = k + 1;
        let store = store.hits + hits;
        keep(&(store, hits)); // @shadowed_capture
    };
    closure(1);
}

pub fn closures() {
    let mut store = Store {
        sizes: vec![1, 2],
        names: vec!["n".to_string()],
        hits: 3,
        inner: Inner {
            small: 1,
            pair: (2, "two".to_string()),
            with__underscores: -9,
        },
    };
    store.hit(1);
    store.count(4);
    references(
        "hello",
        &mut [7, 8],
        Box::new([1, 2, 3]),
        &"deep",
        &mut "text".to_string(),
    );
    parts(store.clone());
    moved(
        store.clone(),
        ("zero".to_string(), 5),
        Box::new((4, "boxed".to_string())),
    );
    assigned("word");
    generic("abc".to_string(), &["x".to_string()], |s: String| {
        s.len() as u32
    });
    shadowing(store);
}
