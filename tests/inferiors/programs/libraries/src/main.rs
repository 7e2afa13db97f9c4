//! Values of types of libraries, each told as the library itself prints it.

// Bindings exist to be looked at by a debugger.
#![allow(unused_variables, dead_code, clippy::approx_constant)]

/// Keeps values in memory, and writes `place name text` for each, `text` by its `Debug`.
macro_rules! tell {
    ($place:literal: $($name:ident),* $(,)?) => {{
        $(ready::keep(&$name);)*
        $(println!(concat!($place, " ", stringify!($name), " {:?}"), $name);)*
    }};
}

mod arenas;
mod arrays;
mod columns;
mod documents;
mod errors;
mod numbers;
mod persistent;
mod queues;
mod sets;
mod texts;
mod web;

fn main() {
    ready::say("ready");
    errors::errors();
    documents::json();
    documents::toml();
    texts::texts();
    texts::versions();
    web::web();
    web::headers();
    numbers::numbers();
    numbers::times();
    arrays::arrays();
    arrays::matrices();
    columns::columns();
    columns::lists();
    columns::messages();
    arenas::arenas();
    arenas::graphs();
    sets::sets();
    sets::flags();
    sets::vectors();
    sets::captures();
    queues::queues();
    persistent::im();
    persistent::imbl();
    persistent::rpds();
}
