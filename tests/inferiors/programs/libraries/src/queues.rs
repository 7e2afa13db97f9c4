//! Queues and channels between threads.

use crossbeam_channel::{bounded, unbounded};
use crossbeam_queue::{ArrayQueue, SegQueue};

pub fn queues() {
    let endless = SegQueue::new();
    for number in 0..70u32 {
        endless.push(number);
    }
    for _ in 0..40 {
        endless.pop();
    }
    let fresh: SegQueue<u8> = SegQueue::new();
    let ring = ArrayQueue::new(3);
    for text in ["a", "b", "c"] {
        ring.push(text).unwrap();
    }
    ring.pop();
    ring.push("d").unwrap();
    let full = ArrayQueue::new(2);
    full.push(1).unwrap();
    full.push(2).unwrap();
    let (sender, receiver) = unbounded();
    for number in 0..35u8 {
        sender.send(number).unwrap();
    }
    for _ in 0..31 {
        receiver.recv().unwrap();
    }
    let (bounded_sender, bounded_receiver) = bounded(2);
    bounded_sender.send("one").unwrap();
    let (meeting, met) = bounded::<u8>(0);
    ready::keep(&(&endless, &fresh, &ring, &full, &sender, &receiver));
    ready::keep(&(&bounded_sender, &bounded_receiver, &meeting, &met)); // @queues
}
