//! Values of types of well-known crates, for the rules shipped with the debugger.

// Bindings exist to be looked at by a debugger.
#![allow(unused_variables, dead_code)]

use ready::keep;

mod locks;
mod times;

fn main() {
    ready::say("ready");
    collections();
    texts();
    locks::parking_lot();
    locks::tokio();
    locks::once_cell();
    times::chrono();
}

fn collections() {
    let index_map: indexmap::IndexMap<&str, u32> = [("b", 2), ("a", 1)].into_iter().collect();
    let index_set: indexmap::IndexSet<u8> = [3, 1, 2].into_iter().collect();
    let hash_map: hashbrown::HashMap<u8, &str> = [(7, "seven")].into_iter().collect();
    let hash_set: hashbrown::HashSet<char> = ['x'].into_iter().collect();
    let short: smallvec::SmallVec<[u16; 4]> = smallvec::smallvec![1, 2];
    let spilled: smallvec::SmallVec<[u16; 2]> = smallvec::smallvec![1, 2, 3];
    let fixed: arrayvec::ArrayVec<u8, 4> = [5, 6].into_iter().collect();
    let fixed_text = arrayvec::ArrayString::<8>::from("fixed").unwrap();
    let dash_map: dashmap::DashMap<u8, &str> = [(1, "one")].into_iter().collect();
    let dash_set: dashmap::DashSet<u8> = [9].into_iter().collect();
    let left: either::Either<u8, &str> = either::Left(1);
    let right: either::Either<u8, &str> = either::Right("r");
    keep(&(&index_map, &hash_map, &short, &dash_map)); // @collections
}

fn texts() {
    let bytes = bytes::Bytes::from_static(b"static");
    let owned = bytes::Bytes::from(vec![1, 2, 255]);
    let mut growing = bytes::BytesMut::with_capacity(16);
    growing.extend_from_slice(b"grow");
    let uuid = uuid::Uuid::from_u128(0x67e5_5044_10b1_426f_9247_bb68_0e5f_e0c8);
    keep(&(&bytes, &owned, &growing, &uuid)); // @texts
}
