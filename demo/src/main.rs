//! Adds up a harbour's log: `harbour [FILE]`.
//!
//! The log has one section per day.  The lines of a day are parsed by a pool of workers;
//! the ledger is kept by the main thread.

mod ledger;
mod movement;
mod pool;

use std::error::Error;
use std::fs;

use ledger::Ledger;
use pool::{Job, Pool};

/// The lines of one day, with their numbers in the file.
fn days(log: &str) -> Vec<Vec<Job>> {
    let mut days = Vec::new();
    for (index, line) in log.lines().enumerate() {
        if line.starts_with("== ") {
            days.push(Vec::new());
        } else if let Some(day) = days.last_mut().filter(|_| !line.trim().is_empty()) {
            day.push(Job {
                number: index + 1,
                text: line.to_owned(),
            });
        }
    }
    days
}

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).unwrap_or("harbour.log".to_owned());
    let log = fs::read_to_string(&path)?;
    let pool = Pool::new(3);
    let mut ledger = Ledger::default();

    for day in days(&log) {
        let mut results = pool.parse(day);
        results.sort_by_key(|result| result.number);
        for result in results {
            match result.movement {
                Ok(movement) => ledger.add(&movement),
                Err(reason) => ledger.reject(result.number, reason),
            }
        }
    }

    print!("{ledger}");
    if let Some((ship, totals)) = ledger.busiest(|totals| totals.calls) {
        println!("busiest: {ship} with {} calls", totals.calls);
    }
    Ok(())
}
