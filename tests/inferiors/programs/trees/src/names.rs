//! Variables of one name, variables that have no name, and arguments that are gone.

use std::cell::Cell;
use std::sync::Arc;

use tokio::sync::Mutex;

use crate::leaf;

async fn shadowing() -> usize {
    let x = 1u32;
    let y = &x;
    let x = String::from("s");
    leaf("shadowing").await; // @shadowing
    x.len() + *y as usize
}

/// The value is in scope at the second await alone, and of another type than the first.
async fn in_turn(first: bool) -> usize {
    let mut sum = 0;
    {
        let x = [7u8; 9];
        if first {
            leaf("never").await;
        }
        sum += usize::from(x[8]);
    }
    let x = 5u64;
    let x = (x, Cell::new(6u8));
    leaf("in_turn").await; // @in_turn
    sum + x.0 as usize + usize::from(x.1.get())
}

async fn temporary(mutex: Arc<Mutex<u32>>) -> usize {
    match *mutex.lock().await {
        9 => leaf("temporary").await, // @temporary
        _ => 0,
    }
}

async fn gone(text: String, kept: String, number: u32) -> usize {
    drop(text);
    let length = leaf("gone").await; // @gone
    length + kept.len() + number as usize
}

async fn unused(number: u32) -> usize {
    let twice = number * 2;
    leaf("unused").await + twice as usize // @unused
}

pub fn spawn_all() {
    tokio::spawn(shadowing());
    tokio::spawn(in_turn(false));
    tokio::spawn(temporary(Arc::new(Mutex::new(9))));
    tokio::spawn(gone(String::from("dropped"), String::from("kept"), 3));
    tokio::spawn(unused(21));
}
