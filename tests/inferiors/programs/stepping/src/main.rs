//! Loops, recursion, early returns, `?`, matches and macros, one shape per function.

macro_rules! double {
    ($value:expr) => {{
        let once = $value; // @macro_once
        once + once // @macro_twice
    }};
}

fn counted_loop() -> u32 {
    let mut sum = 0; // @loop_start
    for index in 0..3 {
        // @loop_head
        sum += index; // @loop_body
    }
    let mut left = 2;
    while left > 0 {
        // @while_head
        left -= 1; // @while_body
    }
    sum // @loop_end
}

fn fibonacci(n: u32) -> u32 {
    if n < 2 {
        return n; // @fib_leaf
    }
    let first = fibonacci(n - 1); // @fib_first
    let second = fibonacci(n - 2); // @fib_second
    first + second // @fib_sum
}

fn early(limit: u32) -> Option<u32> {
    for value in 1..10 {
        if value * value > limit {
            return Some(value); // @early_return
        }
    }
    None // @early_none
}

fn parsed(text: &str) -> Result<i32, std::num::ParseIntError> {
    let number = text.parse::<i32>()?; // @question
    let shifted = number + 1; // @question_after
    Ok(shifted)
}

enum Shape {
    Circle { radius: f64 },
    Square(f64),
    Nothing,
}

fn area(shape: &Shape) -> f64 {
    match shape {
        // @match_head
        Shape::Circle { radius } => {
            let squared = radius * radius; // @match_circle
            squared * 3.0
        }
        Shape::Square(side) => side * side, // @match_square
        Shape::Nothing => 0.0,              // @match_nothing
    }
}

fn macros(value: u32) -> u32 {
    let result = double!(value); // @macro_call
    assert!(result > value, "macro of {value}"); // @assert
    result // @macro_end
}

fn multiline(first: u32, second: u32) -> u32 {
    let sum = first // @multi_first
        + second
        + counted_loop();
    sum // @multi_end
}

fn let_else(text: Option<&str>) -> usize {
    let Some(inner) = text else {
        return 0; // @let_else_none
    };
    inner.len() // @let_else_some
}

struct Noisy(u32);

impl Drop for Noisy {
    fn drop(&mut self) {
        ready::keep(&self.0); // @drop
    }
}

fn scoped() -> u32 {
    let noisy = Noisy(3); // @scope_start
    let value = noisy.0;
    value // @scope_value
} // @scope_end

fn main() {
    ready::say("ready");
    let sum = counted_loop(); // @main_loop
    let fib = fibonacci(4); // @main_fib
    let found = early(20); // @main_early
    let good = parsed("41"); // @main_good
    let bad = parsed("4x"); // @main_bad
    let areas = [
        // @main_areas
        area(&Shape::Circle { radius: 1.0 }),
        area(&Shape::Square(2.0)),
        area(&Shape::Nothing),
    ];
    let doubled = macros(sum); // @main_macros
    let many = multiline(1, 2); // @main_multiline
    let lengths = (let_else(None), let_else(Some("abc"))); // @main_let_else
    let dropped = scoped(); // @main_scoped
    println!("{sum} {fib} {found:?} {good:?} {bad:?} {areas:?}"); // @almost
    println!("{doubled} {many} {lengths:?} {dropped}"); // @end
}
