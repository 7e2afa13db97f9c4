//! Values of every type a reader meets, as locals of one function per topic.
//!
//! Each function ends in a line `keep(&…); // @topic` at which all its locals are live.

// Bindings exist to be looked at by a debugger.
#![allow(unused_variables, dead_code, clippy::all)]

mod cells;
mod closures;
mod enums;
mod functions;
mod iterators;
mod maps;
#[cfg(not(old_std))]
mod modern;
mod pointers;
mod scalars;
mod sequences;
mod statics;
mod system;
mod tails;
mod texts;
mod unset;

fn main() {
    ready::say("ready");
    scalars::scalars();
    scalars::aggregates();
    texts::texts();
    sequences::sequences();
    sequences::iterators();
    iterators::of_sequences();
    iterators::of_maps();
    iterators::of_texts();
    iterators::adaptors();
    maps::maps();
    maps::trees();
    pointers::pointers();
    pointers::objects();
    cells::cells();
    cells::locks();
    enums::enums();
    enums::niches();
    system::system();
    tails::tails();
    functions::functions();
    closures::closures();
    unset::unset();
    statics::statics();
    #[cfg(not(old_std))]
    modern::modern();
    #[cfg(not(old_std))]
    modern::tags();
    println!("end"); // @end
}
