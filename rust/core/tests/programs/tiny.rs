// As little as can be: the standard library's debug information would drown the mutations.
#![no_std]
#![no_main]
#![allow(dead_code)]

pub enum Choice {
    Nothing,
    Number(u32),
    Both { first: u8, second: u64 },
}

pub struct Pair<T: 'static> {
    left: T,
    right: Option<&'static T>,
}

static mut TOTAL: u32 = 5;

#[inline(always)]
fn inlined(value: u32) -> u32 {
    let sum = value.wrapping_add(3);
    sum.wrapping_mul(7)
}

#[inline(never)]
fn tiny_choose(choice: &Choice, pair: &Pair<u32>) -> u32 {
    let mut total = pair.left;
    match choice {
        Choice::Nothing => {}
        Choice::Number(number) => total = inlined(*number),
        Choice::Both { first, second } => {
            let part = u32::from(*first);
            total = inlined(part).wrapping_add(*second as u32);
        }
    }
    total
}

#[unsafe(no_mangle)]
pub extern "C" fn main() -> u32 {
    let pair = Pair { left: 1, right: None };
    let number = tiny_choose(&Choice::Number(4), &pair);
    number + tiny_choose(&Choice::Both { first: 1, second: 2 }, &pair)
}

#[unsafe(no_mangle)]
pub extern "C" fn _start() -> ! {
    main();
    loop {}
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}
