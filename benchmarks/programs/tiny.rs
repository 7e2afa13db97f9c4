//! A program with next to nothing in it: what a debugger needs to start at all.

#[inline(never)]
fn target_leaf(total: u64) -> u64 {
    let local = total * 2;
    local + 1
}

fn main() {
    println!("{}", target_leaf(20));
}
