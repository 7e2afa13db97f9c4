//! Values that are alike but for one thing each; what is shown at each stop is printed as well.

#![allow(dead_code, unused_variables, unused_assignments, clippy::all)]

mod closures;
mod discriminants;
mod layouts;
mod moved;
mod patterns;
mod pointers;
#[cfg(not(old_std))]
mod recent;

/// Prints places by their text, and keeps them where they are.
macro_rules! show {
    ($($place:expr),* $(,)?) => {
        $( crate::print(stringify!($place), &$place); )*
        $( ready::keep(&$place); )*
    };
}
pub(crate) use show;

fn print(place: &str, value: &(impl std::fmt::Debug + ?Sized)) {
    println!("{place} => {value:?}");
}

#[inline(never)]
fn at_stop(number: u32) {
    println!("stop {number}");
}

fn main() {
    discriminants::all();
    layouts::all();
    pointers::all();
    patterns::all();
    closures::all();
    moved::all();
    #[cfg(not(old_std))]
    recent::all();
    moved::kept_to_the_end();
}
