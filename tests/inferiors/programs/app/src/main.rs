//! Types that only their authors know how to read; `docs/types.md` shows how to say it.

#![allow(dead_code)]

mod packed;

struct Stack<T> {
    items: *const T,
    used: u16,
}

struct Meters(f64);

struct Name {
    length: u8,
    short: [u8; 7],
    long: *const u8,
}

struct Route {
    stops: Vec<Stop>,
}

struct Stop {
    at: Meters,
    label: &'static str,
}

struct Door {
    room: u32,
    state: u32,
}

struct Departure {
    year: u16,
    day: u16,
    minutes: u16,
}

fn main() {
    let numbers = [7, 8, 9];
    let stack = Stack {
        items: numbers.as_ptr(),
        used: 2,
    };
    let name = Name {
        length: 3,
        short: *b"bob----",
        long: std::ptr::null(),
    };
    let long_name = Name {
        length: 9,
        short: [0; 7],
        long: b"alexandra".as_ptr(),
    };
    let route = Route {
        stops: vec![
            Stop {
                at: Meters(0.0),
                label: "gate",
            },
            Stop {
                at: Meters(12.5),
                label: "lift",
            },
        ],
    };
    let door = Door {
        room: 12,
        state: 0b101,
    };
    let departure = Departure {
        year: 2024,
        day: 60,
        minutes: 7 * 60 + 45,
    };
    ready::keep(&(&stack, &name, &long_name, &route)); // @all
    println!("{} {}", door.room, departure.day);
    packed::look();
}
