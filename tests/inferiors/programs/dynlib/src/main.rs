//! `dynlib PATH [ROUNDS]`: loads a library, calls into it and unloads it, ROUNDS times.

use std::ffi::{c_char, c_int, c_void, CString};

extern "C" {
    fn dlopen(path: *const c_char, flags: c_int) -> *mut c_void;
    fn dlsym(library: *mut c_void, name: *const c_char) -> *mut c_void;
    fn dlclose(library: *mut c_void) -> c_int;
}

const RTLD_NOW: c_int = 2;

fn call(path: &CString, argument: u32) -> u32 {
    // SAFETY: the library is the one built beside this program, and the symbol has this type.
    unsafe {
        let library = dlopen(path.as_ptr(), RTLD_NOW); // @dlopen
        assert!(!library.is_null(), "cannot load {path:?}");
        let symbol = dlsym(library, c"plugin_entry".as_ptr()); // @dlsym
        assert!(!symbol.is_null());
        let entry: extern "C" fn(u32) -> u32 = std::mem::transmute(symbol);
        let result = entry(argument); // @call
        assert_eq!(dlclose(library), 0); // @dlclose
        result // @unloaded
    }
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().map_or_else(beside, |path| path);
    let rounds = arguments
        .next()
        .map_or(1, |text| text.parse().expect("a number"));
    let path = CString::new(path).expect("no NUL in a path");
    ready::say("ready"); // @ready
    for round in 0..rounds {
        println!("result {}", call(&path, round)); // @round
    }
}

/// The library that cargo puts next to this program.
fn beside() -> String {
    let program = std::env::current_exe().expect("own path");
    let library = program.with_file_name("libplugin.so");
    library.to_str().expect("a UTF-8 path").to_owned()
}
