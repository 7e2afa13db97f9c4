//! Texts that are kept in the value, shared, or with their length in a tag.

use bstr::{BStr, BString};
use compact_str::CompactString;
use semver::{Version, VersionReq};
use smol_str::SmolStr;

const LONG: &str = "a text that is longer than any value that could hold it";

pub fn texts() {
    let empty = CompactString::new("");
    let short = CompactString::new("short");
    let full = CompactString::new("exactly 24 bytes are it!");
    let umlaut = CompactString::new("twenty-three and an ü..");
    let heap = CompactString::new(LONG);
    let fixed = CompactString::const_new("a static text of more than 24 bytes");
    let some_compact = Some(CompactString::new("some"));
    let old_short = compact_str_nonmax::CompactString::new("short");
    let old_full = compact_str_nonmax::CompactString::new("exactly 24 bytes are it!");
    let old_heap = compact_str_nonmax::CompactString::new(LONG);
    let smol = SmolStr::new("smol");
    let smol_full = SmolStr::new("exactly 23 bytes fit in");
    let smol_static = SmolStr::new_static("static");
    let smol_heap = SmolStr::new(LONG);
    let smol_none: Option<SmolStr> = None;
    let bytes = BString::from("b\u{e9}\t\0");
    let broken = BString::from(&b"a\xffb"[..]);
    let borrowed: &BStr = BStr::new("borrowed");
    tell!(
        "texts": empty, short, full, umlaut, heap, fixed, some_compact, old_short, old_full,
        old_heap, smol, smol_full, smol_static, smol_heap, smol_none,
    );
    ready::keep(&(&bytes, &broken, &borrowed)); // @texts
}

pub fn versions() {
    let plain = Version::new(1, 2, 3);
    let newer = Version::new(1, 10, 0);
    let pre = Version::parse("1.2.3-beta.1").unwrap();
    let build = Version::parse("1.2.3+20240229").unwrap();
    let both = Version::parse("1.0.0-rc.1+a.long.build.identifier").unwrap();
    let long = format!("0.1.0-{}", "x".repeat(130))
        .parse::<Version>()
        .unwrap();
    let request = VersionReq::parse(">=1.2, <2").unwrap();
    println!("versions plain {plain}");
    println!("versions newer {newer}");
    println!("versions pre {pre}");
    println!("versions build {build}");
    println!("versions both {both}");
    println!("versions long {long}");
    ready::keep(&(&plain, &newer, &pre, &build, &both, &long, &request)); // @versions
}
