"""The methods of Rust's standard library that expressions can use, by receiver."""
