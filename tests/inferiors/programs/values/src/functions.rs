//! Function items, which have no size, beside function pointers, which look the same.

use ready::keep;

pub struct Holder<F> {
    call: F,
    count: u32,
}

pub struct Score(u32);

fn item(x: u32) -> u32 {
    x + 1
}

/// Its first instructions are those of what is inlined into it.
#[inline(never)]
fn begins_inlined(text: &str) -> u32 {
    text.parse().unwrap_or(3)
}

pub fn functions() {
    let number = 5u64;
    let plain = item;
    let pointer: fn(u32) -> u32 = item;
    let constructor = Score;
    let held = Holder {
        call: item,
        count: 3,
    };
    let held_pointer = Holder {
        call: pointer,
        count: 4,
    };
    let first = (item, 7u8);
    let last = (8u64, item);
    let some = Some(item);
    let some_pointer = Some(pointer);
    let item_list = vec![item, item];
    let pointers = vec![pointer, pointer];
    let array = [item; 3];
    let item_reference = &plain;
    let to_pointer = &pointer;
    let object: Box<dyn Fn(u32) -> u32> = Box::new(item);
    let of_pointer: Box<dyn Fn(u32) -> u32> = Box::new(pointer);
    let inlined: fn(&str) -> u32 = begins_inlined;
    let method: fn(&str) -> String = str::to_uppercase;
    let mapped = [1u32, 2].iter().copied().map(item as fn(u32) -> u32);
    keep(&(
        number,
        &held,
        &held_pointer,
        &item_list,
        &pointers,
        &array,
        item_reference,
        to_pointer,
    ));
    keep(&(
        &object,
        &of_pointer,
        &first,
        &last,
        &some,
        &some_pointer,
        &constructor,
    ));
    keep(&(&plain, &pointer, &inlined, &method, &mapped)); // @functions
}
