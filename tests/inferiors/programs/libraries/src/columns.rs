//! Columns of tables, and messages.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::types::{Int32Type, Int8Type, UInt8Type};
use arrow_array::{
    ArrayRef, BinaryArray, BooleanArray, DictionaryArray, FixedSizeBinaryArray, FixedSizeListArray,
    Float64Array, Int32Array, LargeStringArray, ListArray, RecordBatch, StringArray, UInt64Array,
};

pub fn lists() {
    let rows = vec![
        Some(vec![Some(1), None]),
        None,
        Some(vec![]),
        Some(vec![Some(4)]),
    ];
    let lists = ListArray::from_iter_primitive::<Int32Type, _, _>(rows);
    let later = lists.slice(2, 2);
    let pair = Some(vec![Some(1u8), Some(2)]);
    let pairs = FixedSizeListArray::from_iter_primitive::<UInt8Type, _, _>([pair, None], 2);
    let hashes = FixedSizeBinaryArray::try_from_iter([*b"ab", *b"cd"].into_iter()).unwrap();
    let colours: DictionaryArray<Int8Type> = [Some("red"), None, Some("blue"), Some("red")]
        .into_iter()
        .collect();
    let shared: ArrayRef = Arc::new(later.clone());
    ready::keep(&(&lists, &later, &pairs, &hashes, &colours, &shared)); // @lists
}

pub fn columns() {
    let numbers = Int32Array::from(vec![Some(1), None, Some(3), Some(-4)]);
    let whole = UInt64Array::from(vec![10, 20, 30]);
    let part = whole.slice(1, 2);
    let part_of_null = numbers.slice(1, 3);
    let floats = Float64Array::from(vec![1.5, 2.5]);
    let nothing = Int32Array::from(Vec::<i32>::new());
    let words = StringArray::from(vec![Some("one"), None, Some("three")]);
    let large = LargeStringArray::from(vec!["a", "bc"]);
    let bytes = BinaryArray::from(vec![&b"ab"[..], b"c"]);
    let truths = BooleanArray::from(vec![Some(true), None, Some(false)]);
    let shared: ArrayRef = Arc::new(words.slice(1, 2));
    let batch = RecordBatch::try_from_iter([("name", Arc::clone(&shared))]).unwrap();
    ready::keep(&(&numbers, &whole, &part, &part_of_null, &floats, &nothing));
    ready::keep(&(&words, &large, &bytes, &truths, &shared, &batch)); // @columns
}

#[derive(Clone, PartialEq, prost::Message)]
struct Author {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(enumeration = "Role", tag = "2")]
    role: i32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
#[repr(i32)]
enum Role {
    Reader = 0,
    Writer = 2,
}

#[derive(Clone, PartialEq, prost::Oneof)]
enum Content {
    #[prost(uint32, tag = "5")]
    Number(u32),
    #[prost(message, tag = "6")]
    By(Author),
}

#[derive(Clone, PartialEq, prost::Message)]
struct Note {
    #[prost(message, optional, tag = "1")]
    author: Option<Author>,
    #[prost(bytes = "vec", tag = "2")]
    raw: Vec<u8>,
    #[prost(uint64, repeated, tag = "3")]
    ids: Vec<u64>,
    #[prost(map = "string, int32", tag = "4")]
    counts: HashMap<String, i32>,
    #[prost(oneof = "Content", tags = "5, 6")]
    content: Option<Content>,
}

pub fn messages() {
    let author = Author {
        name: "ann".to_string(),
        role: Role::Writer as i32,
    };
    let note = Note {
        author: Some(author.clone()),
        raw: vec![1, 2],
        ids: vec![7],
        counts: HashMap::from([("k".to_string(), 5)]),
        content: Some(Content::By(author)),
    };
    let role = note.author.as_ref().unwrap().role();
    let other = Some(Content::Number(9));
    ready::keep(&(&note, &role, &other)); // @messages
}
