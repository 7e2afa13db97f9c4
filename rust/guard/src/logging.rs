//! The guard's own log: one line per packet, status and stop.

use std::fs::File;
use std::io::Write as _;
use std::sync::Mutex;
use std::time::Instant;

struct FileLog {
    file: Mutex<File>,
    start: Instant,
}

/// Sends every record to `file` from now on.
pub fn to_file(file: File) {
    let logger = FileLog {
        file: Mutex::new(file),
        start: Instant::now(),
    };
    if log::set_boxed_logger(Box::new(logger)).is_ok() {
        log::set_max_level(log::LevelFilter::Debug);
    }
}

impl log::Log for FileLog {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        let micros = self.start.elapsed().as_micros();
        if let Ok(mut file) = self.file.lock() {
            // A full disk must not stop a debugging session.
            let _ = writeln!(file, "{micros:>10} {:<5} {}", record.level(), record.args());
        }
    }

    fn flush(&self) {}
}
