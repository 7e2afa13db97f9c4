//! Packed, aligned, empty and overlapping fields.

use std::marker::PhantomData;

use crate::{at_stop, show};

#[repr(C)]
#[derive(Clone, Copy)]
union Bits {
    f: f32,
    u: u32,
    b: [u8; 4],
}
#[repr(C, packed)]
#[derive(Clone, Copy, Debug)]
struct Packed {
    a: u8,
    b: u64,
    c: u16,
    d: Option<u32>,
}
#[repr(packed(2))]
#[derive(Clone, Copy, Debug)]
struct Packed2 {
    a: u8,
    b: u64,
    c: f32,
}
#[repr(align(64))]
#[derive(Clone, Debug)]
pub(crate) struct Aligned(pub(crate) u8, pub(crate) u16);
#[derive(Debug, Clone)]
struct HasAligned {
    a: u8,
    b: Aligned,
    c: Option<Aligned>,
}
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Zst;
#[derive(Debug, Clone)]
struct Ghost<T> {
    id: u32,
    p: PhantomData<T>,
}
#[derive(Clone, Copy, Debug)]
struct Lanes([f32; 4]);

pub(crate) fn all() {
    let bits = Bits { f: 1.5 };
    let u = unsafe { bits.u };
    let packed = Packed {
        a: 1,
        b: 1 << 40,
        c: 3,
        d: Some(9),
    };
    let packed2 = Packed2 { a: 1, b: 7, c: 0.5 };
    let aligned = Aligned(3, 4);
    let has = HasAligned {
        a: 1,
        b: aligned.clone(),
        c: Some(Aligned(5, 6)),
    };
    let has2 = HasAligned {
        c: None,
        ..has.clone()
    };
    let zst = Zst;
    let zsts = [Zst; 3];
    let zvec = vec![Zst; 5];
    let empty: [u64; 0] = [];
    let empties: [[u8; 0]; 4] = [[]; 4];
    let zopt = Some(Zst);
    let ghost = Ghost::<u8> {
        id: 5,
        p: PhantomData,
    };
    let ghosts = Some(Ghost::<u16> {
        id: 6,
        p: PhantomData,
    });
    let unit_tuple = ((), ((), 1u8), [(); 2]);
    let nothing: Vec<()> = vec![(), ()];
    let lanes = Lanes([1.0, 2.0, 3.0, 4.5]);
    let wide = (1u128 << 100, -1i128 << 100);
    let opt_wide = [Some(1u128 << 90), None];
    at_stop(2);
    show!(
        u,
        packed,
        packed2,
        aligned,
        has,
        has2,
        zst,
        zsts,
        zvec,
        empty,
        empties,
        zopt,
        ghost.id,
        ghosts.is_some(),
        unit_tuple,
        nothing,
        lanes,
        wide,
        opt_wide
    );
}
