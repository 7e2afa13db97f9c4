//! Types to pass around, with methods of their own and of a trait.

#[derive(Clone, Copy)]
pub struct Small {
    pub a: u8,
    pub b: u8,
    pub c: u8,
}

#[derive(Clone, Copy)]
pub struct Middle {
    pub a: u64,
    pub b: u32,
    pub c: u32,
}

#[derive(Clone, Copy)]
pub struct Large {
    pub values: [u64; 3],
    pub flag: bool,
}

#[derive(Debug, Clone, Copy)]
pub struct Pair {
    pub x: f64,
    pub y: u32,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rect {
    pub width: u32,
    pub height: u32,
}

pub struct Circle {
    pub radius: u32,
}

pub trait Area {
    fn area(&self, times: u32) -> u32;

    #[inline(never)]
    fn doubled(&self) -> u32 {
        self.area(2)
    }
}

impl Area for Rect {
    #[inline(never)]
    fn area(&self, times: u32) -> u32 {
        self.width * self.height * times
    }
}

impl Area for Circle {
    #[inline(never)]
    fn area(&self, times: u32) -> u32 {
        self.radius * self.radius * 3 * times
    }
}

impl Rect {
    #[inline(never)]
    pub fn square(side: u32) -> Rect {
        Rect {
            width: side,
            height: side,
        }
    }

    #[inline(never)]
    pub fn perimeter(&self) -> u32 {
        2 * (self.width + self.height)
    }

    #[inline(never)]
    pub fn scaled(self, by: u32) -> Rect {
        Rect {
            width: self.width * by,
            height: self.height * by,
        }
    }

    #[inline(never)]
    pub fn fits<T: Copy + Into<u32>>(&self, limit: &T) -> bool {
        self.width < (*limit).into()
    }
}

pub struct Counter {
    count: u64,
}

impl Counter {
    #[inline(never)]
    pub fn new(count: u64) -> Counter {
        Counter { count }
    }

    #[inline(never)]
    pub fn bump(&mut self, by: u64) -> u64 {
        self.count += by;
        self.count
    }

    #[inline(never)]
    pub fn get(&self) -> u64 {
        self.count
    }
}
