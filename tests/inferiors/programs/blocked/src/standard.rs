//! Locks and channels of std.

use std::sync::mpsc::{channel, Receiver};
use std::sync::{Arc, Condvar, Mutex, RwLock};
use std::thread;

use crate::{start, until_blocked, Meeting};

#[inline(never)]
fn dead(mine: &Mutex<u32>, other: &Mutex<u32>, meeting: &Meeting) -> u32 {
    let a = mine.lock().unwrap();
    meeting.come();
    let b = other.lock().unwrap(); // @dead
    *a + *b
}

#[inline(never)]
fn locks(mutex: &Mutex<u32>) -> u32 {
    *mutex.lock().unwrap() // @locks
}

/// The guard has no variable.
#[inline(never)]
fn matches(mutex: &Mutex<u32>) -> u32 {
    match *mutex.lock().unwrap() {
        0 => 0,
        found => {
            thread::park(); // @matches
            found
        }
    }
}

#[inline(never)]
fn reads(lock: &RwLock<u32>) -> u32 {
    let r = lock.read().unwrap();
    thread::park(); // @reads
    ready::keep(&r);
    *r
}

#[inline(never)]
fn writes(lock: &RwLock<u32>) {
    *lock.write().unwrap() += 1; // @writes
}

#[inline(never)]
fn waits(pair: &(Mutex<bool>, Condvar)) {
    let mut done = pair.0.lock().unwrap();
    while !*done {
        done = pair.1.wait(done).unwrap(); // @waits
    }
}

#[inline(never)]
fn receives(from: &Receiver<u32>) -> u32 {
    from.recv().unwrap_or(0) // @receives
}

#[inline(never)]
fn joins(handle: thread::JoinHandle<()>) {
    handle.join().unwrap(); // @joins
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
    let first = started.remove(0).0;
    started.push(start("behind", move || {
        locks(&one);
    }));
    started.push(start("joins", move || joins(first)));
    let kept = Arc::new(Mutex::new(3));
    let held = Arc::clone(&kept);
    started.push(start("matches", move || {
        matches(&held);
    }));
    until_blocked(started.last().unwrap().1);
    started.push(start("locks", move || {
        locks(&kept);
    }));
    let lock = Arc::new(RwLock::new(1));
    let read = Arc::clone(&lock);
    started.push(start("reads", move || {
        reads(&read);
    }));
    until_blocked(started.last().unwrap().1);
    started.push(start("writes", move || writes(&lock)));
    let pair = Arc::new((Mutex::new(false), Condvar::new()));
    started.push(start("waits", move || waits(&pair)));
    let (to, from) = channel();
    started.push(start("receives", move || {
        receives(&from);
    }));
    for (_, id) in &started {
        until_blocked(*id);
    }
    look(1);
    ready::keep(&to);
}
