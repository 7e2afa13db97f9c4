//! `stock [open]`: clerks make lists, then orders are packed; `docs/python.md` looks at it.
//!
//! The orders come when standard input ends; with `open` the program waits for ever.

// What clerks note down is there to be looked at by a debugger.
#![allow(unused_variables, dead_code)]

use std::collections::HashMap;
use std::io::Read;
use std::sync::{Arc, Barrier};
use std::thread;

static SHELVES: u32 = 7;

struct Item {
    name: String,
    price: u32,
    shelf: Option<u16>,
}

#[inline(never)]
fn pack(order: u32, packed: &mut Vec<u32>) {
    packed.push(order); // @pack
}

fn clerk(number: u32, noted: &Barrier, closed: &Barrier) -> usize {
    let counted: Vec<u64> = (0..u64::from(number) * 300).collect();
    let names: Vec<String> = (0..number).map(|n| format!("crate {n}")).collect();
    let weights = vec![f64::from(number); 25];
    noted.wait();
    closed.wait();
    counted.len() + names.len() + weights.len() // @clerk_end
}

fn main() {
    let noted = Arc::new(Barrier::new(4));
    let closed = Arc::new(Barrier::new(4));
    let clerks: Vec<_> = (1..=3)
        .map(|number| {
            let (noted, closed) = (Arc::clone(&noted), Arc::clone(&closed));
            thread::Builder::new()
                .name(format!("clerk-{number}"))
                .spawn(move || clerk(number, &noted, &closed))
                .expect("a thread")
        })
        .collect();
    noted.wait();
    let items = vec![
        Item {
            name: "rope".into(),
            price: 30,
            shelf: Some(4),
        },
        Item {
            name: "<lamp>".into(),
            price: 120,
            shelf: None,
        },
    ];
    let prices: HashMap<String, u32> = items
        .iter()
        .map(|item| (item.name.clone(), item.price))
        .collect();
    ready::say("ready");
    if std::env::args().any(|argument| argument == "open") {
        loop {
            thread::park();
        }
    }
    let mut input = Vec::new();
    std::io::stdin().read_to_end(&mut input).expect("stdin");
    let mut packed = Vec::new();
    for order in 1..=SHELVES {
        pack(order, &mut packed); // @order
    }
    closed.wait();
    println!("{} orders, {} items", packed.len(), prices.len()); // @end
}
