//! Threads that wait for locks, messages and each other; the argument says which.

mod mixed;
mod standard;
mod unusual;

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{mpsc, Arc};
use std::thread;

#[inline(never)]
fn look(step: u32) {
    ready::keep(&step); // @look
}

/// Starts a thread that will block in a system call, and says its id in the kernel.
pub fn start(name: &str, work: impl FnOnce() + Send + 'static) -> (thread::JoinHandle<()>, u32) {
    let (say, hear) = mpsc::channel();
    let handle = thread::Builder::new()
        .name(name.to_string())
        .spawn(move || {
            say.send(own_id()).unwrap();
            drop(say);
            work()
        })
        .unwrap();
    let id = hear.recv().unwrap();
    (handle, id)
}

pub fn own_id() -> u32 {
    let link = std::fs::read_link("/proc/thread-self").unwrap();
    let name = link.file_name().unwrap().to_str().unwrap();
    name.parse().unwrap()
}

/// Waits until a thread waits in the kernel: only then is it where the test looks for it.
pub fn until_blocked(id: u32) {
    let path = format!("/proc/self/task/{id}/syscall");
    while !std::fs::read_to_string(&path).is_ok_and(|text| text.starts_with("202 ")) {
        thread::yield_now();
    }
}

/// Waits until so many have come here, and not in the kernel.
pub struct Meeting(AtomicU32, u32);

impl Meeting {
    pub fn of(count: u32) -> Arc<Meeting> {
        Arc::new(Meeting(AtomicU32::new(0), count))
    }

    pub fn come(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
        while self.0.load(Ordering::SeqCst) < self.1 {
            thread::yield_now();
        }
    }
}

fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("std") => standard::run(look),
        Some("parking-lot") => unusual::run(look),
        Some("mixed") => mixed::run(look),
        other => panic!("nothing is called {other:?}"),
    }
}
