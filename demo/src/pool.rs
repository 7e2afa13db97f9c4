//! Workers that parse lines they receive over a channel.

use std::panic::{self, AssertUnwindSafe};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use crate::movement::{Movement, parse_line};

/// A line to be parsed.
pub struct Job {
    pub number: usize,
    pub text: String,
}

/// What became of a line: a movement, or the message of the panic it caused.
pub struct Outcome {
    pub number: usize,
    pub movement: Result<Movement, String>,
}

/// Worker threads that live as long as the pool.
pub struct Pool {
    jobs: Option<Sender<Job>>,
    outcomes: Receiver<Outcome>,
    workers: Vec<JoinHandle<()>>,
}

impl Pool {
    pub fn new(size: usize) -> Self {
        let (jobs, queue) = mpsc::channel();
        let (sender, outcomes) = mpsc::channel();
        let queue = Arc::new(Mutex::new(queue));
        let workers = (0..size)
            .map(|index| {
                let queue = Arc::clone(&queue);
                let sender = sender.clone();
                thread::Builder::new()
                    .name(format!("crane-{index}"))
                    .spawn(move || work(&queue, &sender))
                    .expect("a thread can be started")
            })
            .collect();
        Pool {
            jobs: Some(jobs),
            outcomes,
            workers,
        }
    }

    /// Parses all lines and waits for the results, which come in any order.
    pub fn parse(&self, lines: Vec<Job>) -> Vec<Outcome> {
        let count = lines.len();
        let jobs = self.jobs.as_ref().expect("the pool is open");
        for line in lines {
            jobs.send(line).expect("the workers are there");
        }
        self.outcomes.iter().take(count).collect()
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        // Closes the queue, which ends the workers.
        self.jobs = None;
        for worker in self.workers.drain(..) {
            worker.join().expect("workers catch panics");
        }
    }
}

fn work(queue: &Mutex<Receiver<Job>>, sender: &Sender<Outcome>) {
    loop {
        let next = queue.lock().expect("no worker panics in here").recv();
        let Ok(job) = next else { return };
        let parsed = panic::catch_unwind(AssertUnwindSafe(|| parse_line(job.number, &job.text)));
        let outcome = Outcome {
            number: job.number,
            movement: parsed.map_err(|payload| message(payload.as_ref())),
        };
        if sender.send(outcome).is_err() {
            return;
        }
    }
}

fn message(payload: &(dyn std::any::Any + Send)) -> String {
    let text = payload.downcast_ref::<String>().cloned();
    text.or_else(|| payload.downcast_ref::<&str>().map(ToString::to_string))
        .unwrap_or_default()
}
