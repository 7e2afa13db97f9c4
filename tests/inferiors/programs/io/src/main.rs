//! Reads lines from standard input and answers on both streams.

use std::io::{self, BufRead, Write};

fn answer(number: usize, line: &str) -> String {
    format!("{number}: {}", line.to_uppercase()) // @answer
}

fn main() -> io::Result<()> {
    ready::say("ready");
    let variable = std::env::var("CRABTRAP_TEST").unwrap_or_default();
    let directory = std::env::current_dir()?;
    eprintln!("variable {variable:?} directory {}", directory.display()); // @start
    let mut count = 0;
    for line in io::stdin().lock().lines() {
        count += 1;
        println!("{}", answer(count, &line?)); // @line
        io::stdout().flush()?;
    }
    eprintln!("lines {count}"); // @end
    Ok(())
}
