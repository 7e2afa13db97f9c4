//! How a program under test tells its test that it has got somewhere, without anybody sleeping.

use std::fs::File;
use std::io::{Read, Write};
use std::mem::ManuallyDrop;
use std::os::unix::io::FromRawFd;

/// Writes `text` and a newline to the descriptor named by `CRABTRAP_READY_FD`.
///
/// Does nothing where the variable is not set, so that every program also runs by hand.
pub fn say(text: &str) {
    let fd = match std::env::var("CRABTRAP_READY_FD") {
        Ok(fd) => fd,
        Err(_) => return,
    };
    let fd = fd.parse().expect("CRABTRAP_READY_FD is a number");
    // SAFETY: the test gave the descriptor to this program for exactly this use; it is
    // not closed here.
    let mut pipe = ManuallyDrop::new(unsafe { File::from_raw_fd(fd) });
    pipe.write_all(format!("{text}\n").as_bytes())
        .expect("the test reads its pipe");
}

/// Says that it stays here, and does so until a byte comes to its standard input.
///
/// Does nothing where nobody listens to what `say` says.
pub fn stay() {
    if std::env::var_os("CRABTRAP_READY_FD").is_none() {
        return;
    }
    say("staying");
    // SAFETY: nothing else in the programs that call this reads the standard input, and it is not
    // closed here.
    let mut input = ManuallyDrop::new(unsafe { File::from_raw_fd(0) });
    input
        .read_exact(&mut [0])
        .expect("the test tells it to go on");
}

/// Keeps a value alive and unknown to the optimiser.
#[inline(never)]
pub fn keep<T: ?Sized>(value: &T) {
    let pointer = (value as *const T).cast::<()>();
    // SAFETY: there is no instruction; the compiler only has to believe that there is one
    // which reads what is behind the pointer, so that it is stored there before.
    unsafe { std::arch::asm!("/* {} */", in(reg) pointer, options(nostack, preserves_flags)) };
}
