//! Locks of parking_lot, whose waiters sleep at addresses of their own.

use std::sync::Arc;

use parking_lot::Mutex;

use crate::{start, until_blocked, Meeting};

#[inline(never)]
fn dead(mine: &Mutex<u32>, other: &Mutex<u32>, meeting: &Meeting) -> u32 {
    let a = mine.lock();
    meeting.come();
    let b = other.lock(); // @dead
    *a + *b
}

pub fn run(look: fn(u32)) {
    let (one, two) = (Arc::new(Mutex::new(1)), Arc::new(Mutex::new(2)));
    let meeting = Meeting::of(2);
    let mut started = Vec::new();
    for (name, mine, other) in [("dead-1", &one, &two), ("dead-2", &two, &one)] {
        let (mine, other) = (Arc::clone(mine), Arc::clone(other));
        let meeting = Arc::clone(&meeting);
        started.push(start(name, move || {
            dead(&mine, &other, &meeting);
        }));
    }
    for (_, id) in &started {
        until_blocked(*id);
    }
    look(1);
}
