//! A module and a file of the name.

pub fn innermost() {
    let here = file!();
    std::hint::black_box(here); // @inner
}
