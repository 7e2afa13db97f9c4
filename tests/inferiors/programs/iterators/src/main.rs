//! The code a step has to get through: user functions and closures called from std.

fn visit(item: u32) -> u32 {
    item * 2 // @visit
}

fn chained(first: &[u32], second: &[u32]) -> u32 {
    let mut sum = 0;
    for item in first.iter().chain(second) {
        // @for_chain
        sum += visit(*item); // @for_body
    }
    sum // @for_end
}

fn adapters(values: &[u32]) -> Vec<u32> {
    values
        .iter()
        .map(|value| value + 1) // @map
        .filter(|value| {
            value % 2 == 0 // @filter
        })
        .collect() // @collect
}

fn sorting(values: &mut [u32]) {
    values.sort_by(|left, right| {
        right.cmp(left) // @compare
    });
    ready::keep(values); // @sorted
}

struct Countdown(u32);

impl Iterator for Countdown {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        let current = self.0.checked_sub(1)?; // @next
        self.0 = current;
        Some(current) // @next_some
    }
}

fn custom() -> u32 {
    let mut seen = 0;
    for value in Countdown(3) {
        // @for_custom
        seen += value; // @custom_body
    }
    seen // @custom_end
}

fn callbacks() -> Option<usize> {
    let names = vec!["ada", "grace", "edsger"];
    let lengths: Vec<usize> = names.iter().map(|name| name.len()).collect(); // @lengths
    let position = lengths.iter().position(|length| *length == 5); // @position
    let maximum = lengths.iter().copied().max_by_key(|length| length % 4); // @max_by_key
    position.and_then(|at| maximum.map(|most| at + most)) // @and_then
}

fn main() {
    ready::say("ready");
    let sum = chained(&[1, 2], &[3]); // @main_chained
    let even = adapters(&[1, 2, 3, 4, 5]); // @main_adapters
    let mut values = vec![3, 1, 2];
    sorting(&mut values); // @main_sorting
    let seen = custom(); // @main_custom
    let called = callbacks(); // @main_callbacks
    numbered(&values);
    println!("{sum} {even:?} {values:?} {seen} {called:?}"); // @end
}

fn numbered(values: &[u32]) {
    for (place, value) in values.iter().enumerate().rev() {
        // @numbered_head
        println!("{place} {value}"); // @numbered_body
    }
    ready::say("numbered"); // @numbered_end
}
