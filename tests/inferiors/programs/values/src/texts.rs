//! Everything that is text.

use std::borrow::Cow;
use std::ffi::{CStr, CString, OsStr, OsString};
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use ready::keep;

pub fn texts() {
    let slice = "a slice";
    let string = String::from("a string");
    let empty = String::new();
    let unicode = String::from("grün 🦀");
    let escapes = String::from("tab\t quote\" back\\ nul\0 bell\x07 esc\x1b[31m");
    let long = "0123456789".repeat(1000);
    let boxed: Box<str> = "boxed".into();
    let rc: Rc<str> = "rc".into();
    let arc: Arc<str> = "arc".into();
    let borrowed: Cow<str> = Cow::Borrowed("borrowed");
    let owned: Cow<str> = Cow::Owned("owned".to_string());
    let os_string = OsString::from("os string");
    let os_str: &OsStr = OsStr::new("os str");
    let path_buf = PathBuf::from("/tmp/a b");
    let path: &Path = Path::new("relative/path");
    let boxed_path: Box<Path> = path_buf.clone().into_boxed_path();
    let c_string = CString::new("c string").expect("no NUL");
    let c_str: &CStr = c_string.as_c_str();
    let bytes = b"bytes \xff";
    let byte_slice: &[u8] = b"slice";
    let invalid = OsString::from_vec(vec![b'a', 0xff, b'b']);
    let mutable: &mut str = &mut String::from("mutable");
    let part = &string[2..5];
    let list = vec!["one".to_string(), "two".to_string()];
    let optional: Option<String> = Some("some".to_string());
    let missing: Option<String> = None;
    let optional_slice: Option<&str> = None;
    keep(&(slice, &string, &empty)); // @texts
}
