//! Numbers, characters, tuples, structs, unions, arrays.

use ready::keep;

pub fn scalars() {
    let yes = true;
    let no = false;
    let small = 200u8;
    let letter = b'a';
    let signed = -5i8;
    let short = 65_535u16;
    let negative_short = -300i16;
    let word = 4_000_000_000u32;
    let integer = -7i32;
    let long = u64::MAX;
    let negative_long = i64::MIN;
    let size = 1usize;
    let offset = -1isize;
    let wide = u128::MAX - 1;
    let negative_wide = i128::MIN + 1;
    let float = 1.5f32;
    let double = -0.1f64;
    let whole = 3.0f64;
    let huge = 1e300f64;
    let nan = f64::NAN;
    let infinite = f64::NEG_INFINITY;
    let zero = -0.0f64;
    let ascii = 'x';
    let sharp = 'ß';
    let emoji = '🦀';
    let newline = '\n';
    let quote = '\'';
    let unit = ();
    keep(&(yes, no, small, letter, signed)); // @scalars
}

#[derive(Clone, Copy)]
struct Point {
    x: i32,
    y: i32,
}

struct Pair(u8, String);

struct Marker;

struct Nested {
    name: &'static str,
    at: Point,
    corners: [Point; 2],
    rest: (u8, (bool, char)),
}

struct Generic<T, const N: usize> {
    items: [T; N],
}

#[repr(C, packed)]
struct Packed {
    first: u8,
    second: u32,
}

#[repr(align(32))]
struct Aligned {
    value: u8,
}

union Bits {
    float: f32,
    bits: u32,
}

struct Raw {
    r#type: u32,
}

pub fn aggregates() {
    let point = Point { x: 1, y: -2 };
    let pair = Pair(7, "seven".to_string());
    let marker = Marker;
    let nested = Nested {
        name: "nest",
        at: point,
        corners: [Point { x: 0, y: 0 }, Point { x: 9, y: 9 }],
        rest: (1, (true, 'ß')),
    };
    let generic = Generic::<u16, 3> { items: [1, 2, 3] };
    let packed = Packed {
        first: 1,
        second: 0x0102_0304,
    };
    let aligned = Aligned { value: 32 };
    let bits = Bits { float: 1.0 };
    let raw = Raw { r#type: 4 };
    let tuple = (1u8, -2i32, "three", 4.0f64);
    let single = (5,);
    let array = [10, 20, 30];
    let matrix = [[1u8, 2], [3, 4]];
    let empty: [u32; 0] = [];
    let units = [(); 3];
    let large = [7u16; 1000];
    let reference = &point;
    let nested_reference = &&point;
    let pointer = &point as *const Point;
    let null: *const u32 = std::ptr::null();
    let function: fn(i32) -> i32 = i32::abs;
    let captured = 5;
    let captured_text = String::from("captured");
    let by_reference = || captured + captured_text.len();
    let by_value = {
        let owned = vec![1, 2];
        move || owned.len() + captured
    };
    keep(&(by_reference(), by_value()));
    keep(&(&generic, &nested, &bits, &packed)); // @aggregates
}
