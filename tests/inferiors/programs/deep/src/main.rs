//! `deep [DEPTH]`: recursion, 10,000 frames unless told otherwise.

#[inline(never)]
fn recurse(depth: u32, total: u64) -> u64 {
    if depth == 0 {
        return bottom(total); // @turn
    }
    let here = recurse(depth - 1, total + u64::from(depth)); // @recurse
    here + 1 // @return
}

#[inline(never)]
fn bottom(total: u64) -> u64 {
    ready::keep(&total); // @bottom
    total
}

fn main() {
    let depth = std::env::args()
        .nth(1)
        .map_or(10_000, |text| text.parse().expect("a number"));
    ready::say("ready");
    println!("{}", recurse(depth, 0)); // @call
}
