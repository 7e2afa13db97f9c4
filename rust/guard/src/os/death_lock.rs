//! A lock that the kernel passes on the moment its holder dies.
//!
//! That is earlier than anything else tells of the death: a dying process gives up its robust
//! locks together with its memory, and only later closes its files, lets go of what it traces
//! and becomes known as dead (`do_exit` of linux/kernel/exit.c; `get_robust_list(2)`).

use std::io;
use std::sync::OnceLock;

/// A lock held by this process until it ends.
pub struct DeathLock(*mut libc::pthread_mutex_t);

// SAFETY: a process-shared mutex may be used by any thread; the memory is never freed.
unsafe impl Send for DeathLock {}
// SAFETY: as above.
unsafe impl Sync for DeathLock {}

impl DeathLock {
    /// Returns the lock of this process, which its only thread holds from the first call on.
    ///
    /// # Errors
    /// There is no memory for it.
    pub fn of_this_process() -> io::Result<&'static Self> {
        static LOCK: OnceLock<DeathLock> = OnceLock::new();
        if let Some(lock) = LOCK.get() {
            return Ok(lock);
        }
        let lock = Self::make()?;
        // SAFETY: the mutex is initialised, and nobody else knows it yet.
        check(unsafe { libc::pthread_mutex_lock(lock.0) })?;
        Ok(LOCK.get_or_init(|| lock))
    }

    /// Makes a lock in memory that forked children share.
    fn make() -> io::Result<Self> {
        // SAFETY: new pages; a mutex fits into them and is initialised before its first use.
        unsafe {
            let pages = libc::mmap(
                std::ptr::null_mut(),
                size_of::<libc::pthread_mutex_t>(),
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_SHARED | libc::MAP_ANONYMOUS,
                -1,
                0,
            );
            if pages == libc::MAP_FAILED {
                return Err(io::Error::last_os_error());
            }
            let mutex = pages.cast::<libc::pthread_mutex_t>();
            let mut attributes = std::mem::zeroed::<libc::pthread_mutexattr_t>();
            check(libc::pthread_mutexattr_init(&raw mut attributes))?;
            let shared = libc::PTHREAD_PROCESS_SHARED;
            check(libc::pthread_mutexattr_setpshared(
                &raw mut attributes,
                shared,
            ))?;
            let robust = libc::PTHREAD_MUTEX_ROBUST;
            check(libc::pthread_mutexattr_setrobust(
                &raw mut attributes,
                robust,
            ))?;
            check(libc::pthread_mutex_init(mutex, &raw const attributes))?;
            Ok(Self(mutex))
        }
    }

    /// Waits, in a forked child, until the process that holds the lock is dying.
    ///
    /// # Errors
    /// The lock is in no state that it can be in.
    pub fn wait_for_death(&self) -> io::Result<()> {
        // SAFETY: the mutex is initialised, and its memory shared with the holder's.
        unsafe {
            match libc::pthread_mutex_lock(self.0) {
                // Another child had it first, and has passed it on.
                0 => {}
                libc::EOWNERDEAD => check(libc::pthread_mutex_consistent(self.0))?,
                error => return Err(io::Error::from_raw_os_error(error)),
            }
            check(libc::pthread_mutex_unlock(self.0))
        }
    }
}

fn check(error: i32) -> io::Result<()> {
    if error == 0 {
        Ok(())
    } else {
        Err(io::Error::from_raw_os_error(error))
    }
}
