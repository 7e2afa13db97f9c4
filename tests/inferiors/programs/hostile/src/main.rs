//! Everything that can have a name or a text here has the same one, `zq_hostile_zq`.  A test
//! replaces these thirteen bytes in the executable by others, which act on terminals.

#![allow(non_camel_case_types, non_upper_case_globals, dead_code)]

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::ffi::{CString, OsString};
use std::fmt::Debug;
use std::hint::black_box;
use std::path::PathBuf;
use std::rc::Rc;
use std::thread;

mod zq_hostile_zq;

const TEXT: &str = "zq_hostile_zq";

static zq_hostile_zq_static: &str = "zq_hostile_zq";

#[derive(Debug, Clone)]
struct zq_hostile_zq_struct {
    zq_hostile_zq_field: u32,
}

#[derive(Debug)]
enum zq_hostile_zq_enum {
    zq_hostile_zq_variant(u8),
    Other,
}

#[derive(Debug)]
enum zq_hostile_zq_flag {
    zq_hostile_zq_on,
    zq_hostile_zq_off,
}

trait zq_hostile_zq_trait {
    fn zq_hostile_zq_method(&self) -> u32;
}

impl zq_hostile_zq_trait for zq_hostile_zq_struct {
    #[inline(never)]
    fn zq_hostile_zq_method(&self) -> u32 {
        self.zq_hostile_zq_field // @method
    }
}

union zq_hostile_zq_union {
    zq_hostile_zq_one: u32,
    zq_hostile_zq_two: f32,
}

#[derive(Debug)]
struct Generic<T>(T);

fn texts() {
    let text = TEXT;
    let owned = String::from(TEXT);
    let boxed: Box<str> = TEXT.into();
    let counted: Rc<str> = TEXT.into();
    let borrowed = Cow::Borrowed(TEXT);
    let bytes = TEXT.as_bytes().to_vec();
    let array: [u8; 13] = TEXT.as_bytes().try_into().expect("13 bytes");
    let c_text = CString::new(TEXT).expect("no zero byte");
    let os_text = OsString::from(TEXT);
    let path = PathBuf::from(TEXT);
    let first: Vec<u8> = TEXT.bytes().take(1).collect();
    let letter = char::from(first[0]);
    let many = vec![TEXT, TEXT];
    let by_name = HashMap::from([(TEXT, 1)]);
    let sorted = BTreeMap::from([(TEXT.to_owned(), TEXT)]);
    let some = Some(TEXT);
    let failed: Result<(), String> = Err(owned.clone());
    let error: Box<dyn std::error::Error> = TEXT.into();
    black_box((&text, &boxed, &counted, &borrowed, &bytes, &array, &c_text)); // @texts
    black_box((&os_text, &path, &letter, &many, &by_name, &sorted, &some));
    black_box((&owned, &failed, &error));
}

fn zq_hostile_zq_function(zq_hostile_zq_argument: u32) -> u32 {
    let zq_hostile_zq_local = zq_hostile_zq_argument + 1;
    let structure = zq_hostile_zq_struct {
        zq_hostile_zq_field: zq_hostile_zq_local,
    };
    let choice = zq_hostile_zq_enum::zq_hostile_zq_variant(7);
    let flag = zq_hostile_zq_flag::zq_hostile_zq_on;
    let union = zq_hostile_zq_union {
        zq_hostile_zq_one: 1,
    };
    let generic = Generic(structure.clone());
    let object: Box<dyn zq_hostile_zq_trait> = Box::new(structure.clone());
    let shown: &dyn Debug = &structure;
    let pointer: fn(u32) -> u32 = zq_hostile_zq_function;
    let closure = |more: u32| more + zq_hostile_zq_local; // @closure
    let sum = closure(1) + object.zq_hostile_zq_method();
    black_box((&structure, &choice, &flag, &generic, &shown, &pointer)); // @names

    // SAFETY: a field of four bytes like the other.
    sum + unsafe { union.zq_hostile_zq_one }
}

fn main() {
    println!("{TEXT}{zq_hostile_zq_static}");
    eprintln!("{TEXT}");
    texts();
    zq_hostile_zq_function(1);
    zq_hostile_zq::innermost();
    let named = thread::Builder::new().name(TEXT.into());
    let named = named.spawn(|| {
        black_box(0); // @thread
    });
    named.expect("a thread").join().expect("no panic");
    panic!("{TEXT}");
}
