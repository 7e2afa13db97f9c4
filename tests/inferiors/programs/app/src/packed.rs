//! Values that are packed, shared or hidden behind a pointer, as libraries do it.

/// Up to eight characters, and twice their number; or their number, and twice their
/// address and one.
pub struct Word {
    tag: u64,
    chars: [u8; 8],
}

/// Read, write and run, a bit each.
pub struct Access(u8);

/// Twelve hundredths are `Price { units: 12, places: 2 }`.
pub struct Price {
    units: i64,
    places: u8,
}

/// Rows one after the other.
pub struct Image {
    pixels: Vec<u8>,
    width: usize,
}

/// Seats taken have an odd number of uses.
pub struct Room {
    seats: Vec<Seat>,
}

pub struct Seat {
    guest: &'static str,
    uses: u32,
}

pub struct Branch {
    left: Option<Box<Branch>>,
    fruit: u32,
    right: Option<Box<Branch>>,
}

pub struct Host {
    name: String,
    port: u16,
}

/// Which days are open, from Sunday on.
pub struct Week(u8);

/// An item of any type, behind a pointer to it and to functions for its type.
pub struct Parcel {
    inner: *const Packed<()>,
}

#[repr(C)]
pub struct Packed<T> {
    functions: &'static Functions,
    item: T,
}

pub struct Functions {
    weigh: fn(*const ()) -> usize,
}

fn weigh<T>(_: *const ()) -> usize {
    std::mem::size_of::<T>()
}

fn functions<T>() -> &'static Functions {
    &Functions { weigh: weigh::<T> }
}

fn leaf(fruit: u32) -> Option<Box<Branch>> {
    Some(Box::new(Branch {
        left: None,
        fruit,
        right: None,
    }))
}

pub fn look() {
    let far = b"further";
    let short = Word {
        tag: 8,
        chars: *b"near----",
    };
    let long = Word {
        tag: far.as_ptr() as u64 * 2 + 1,
        chars: 7u64.to_le_bytes(),
    };
    let access = Access(0b101);
    let price = Price {
        units: -1250,
        places: 2,
    };
    let image = Image {
        pixels: vec![0, 1, 2, 3, 4, 5],
        width: 3,
    };
    let room = Room {
        seats: vec![
            Seat {
                guest: "ann",
                uses: 1,
            },
            Seat {
                guest: "gone",
                uses: 2,
            },
            Seat {
                guest: "cid",
                uses: 3,
            },
        ],
    };
    let tree = Branch {
        left: leaf(1),
        fruit: 2,
        right: leaf(3),
    };
    let host = Host {
        name: "crab.rs".to_string(),
        port: 443,
    };
    let open = Week(0b0111110);
    let packed = Packed {
        functions: functions::<Price>(),
        item: Price {
            units: 5,
            places: 1,
        },
    };
    let parcel = Parcel {
        inner: std::ptr::addr_of!(packed).cast(),
    };
    println!("{}", (packed.functions.weigh)(parcel.inner.cast()));
    ready::keep(&(&short, &long, &access, &price, &image, &room));
    ready::keep(&(&tree, &host, &open, &parcel)); // @packed
}
