//! Which process a journal is about: by the boot, the process id and the process's start time,
//! which no two processes share.
//!
//! An id is of a PID namespace.  A journal has the ids of its guard's, and is found from the
//! namespaces around that one, too.

use std::collections::HashMap;
use std::{fs, io};

use crate::os::ptrace::Tid;
use crate::os::{pid_namespaces, procfs};

/// The process that a journal is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Id of the boot (random(4)).
    boot: String,
    /// The PID namespace that the number is of.
    namespace: pid_namespaces::Namespace,
    /// Process id.
    pub pid: Tid,
    /// Start time in clock ticks since boot.
    start: u64,
}

/// What is known of the process that an [`Identity`] names.
pub enum Standing {
    /// It is there.
    Alive,
    /// It has ended.
    Gone,
    /// It has ended with its boot.
    OfAnotherBoot,
    /// Its number is of another namespace, where the same numbers mean other processes.
    Unknown,
}

impl Identity {
    /// Identifies a process by its number here.
    ///
    /// # Errors
    /// It is gone, or `/proc` is not as usual.
    pub fn of(pid: Tid) -> io::Result<Self> {
        Ok(Self {
            boot: present_boot()?,
            namespace: pid_namespaces::present()?,
            pid,
            start: start_of(pid)?,
        })
    }

    /// Identifies a process by each of its numbers, from that here to that in its own namespace.
    ///
    /// # Errors
    /// As [`Identity::of`].
    pub fn all_of(pid: Tid) -> io::Result<Vec<Self>> {
        let own = Self::of(pid)?;
        // Those who may not see its namespaces have no journal in them, either.
        let namespaces = pid_namespaces::of(pid).unwrap_or_else(|_| vec![own.namespace]);
        let numbers = pid_namespaces::numbers(pid)?;
        let each = namespaces.into_iter().zip(numbers);
        Ok(each
            .map(|(namespace, pid)| Self {
                namespace,
                pid,
                ..own.clone()
            })
            .collect())
    }

    /// Whether this is still the process with its number here.
    pub fn is_alive(&self) -> bool {
        Self::of(self.pid).is_ok_and(|now| now == *self)
    }

    /// Finds out what can be known of the process here.
    ///
    /// # Errors
    /// `/proc` is not as usual.
    pub fn standing(&self) -> io::Result<Standing> {
        Ok(if self.boot != present_boot()? {
            Standing::OfAnotherBoot
        } else if self.namespace != pid_namespaces::present()? {
            Standing::Unknown
        } else if self.is_alive() {
            Standing::Alive
        } else {
            Standing::Gone
        })
    }

    /// Returns the numbers here of the threads of process `pid`, by those that they have where
    /// this identity is from.
    ///
    /// # Errors
    /// The process is gone, or lies elsewhere.
    pub fn numbers_here(&self, pid: Tid) -> io::Result<HashMap<Tid, Tid>> {
        let namespaces = pid_namespaces::of(pid)?;
        let depth = namespaces.iter().position(|each| *each == self.namespace);
        let depth = depth.ok_or(io::ErrorKind::NotFound)?;
        // A thread that ends meanwhile has none.
        let numbers = |here| Some((*pid_namespaces::numbers(here).ok()?.get(depth)?, here));
        Ok(procfs::tasks(pid)?
            .into_iter()
            .filter_map(numbers)
            .collect())
    }

    /// Returns the name of its journal.
    pub fn file_name(&self) -> String {
        let Self {
            boot,
            namespace,
            pid,
            start,
        } = self;
        format!("{boot}-{namespace}-{pid}-{start}")
    }

    /// Reads the name of a journal.
    pub fn parse(name: &str) -> Option<Self> {
        let mut parts = name.rsplitn(4, '-');
        let (start, pid) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        let (namespace, boot) = (parts.next()?.parse().ok()?, parts.next()?.to_owned());
        Some(Self {
            boot,
            namespace,
            pid,
            start,
        })
    }
}

fn start_of(pid: Tid) -> io::Result<u64> {
    let (_, start) = procfs::core_and_start(pid).ok_or(io::ErrorKind::NotFound)?;
    Ok(start)
}

fn present_boot() -> io::Result<String> {
    let text = fs::read_to_string("/proc/sys/kernel/random/boot_id")?;
    Ok(text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_found_again_by_its_name() {
        let own = Identity::of(std::process::id() as Tid).unwrap();
        assert_eq!(Identity::parse(&own.file_name()), Some(own.clone()));
        assert!(own.is_alive());
        let other = Identity {
            start: own.start + 1,
            ..own
        };
        assert!(!other.is_alive());
        assert_eq!(Identity::parse("lost+found"), None);
    }

    #[test]
    fn our_own_threads_have_their_own_numbers() {
        let pid = std::process::id() as Tid;
        let all = Identity::all_of(pid).unwrap();
        assert_eq!(all, [Identity::of(pid).unwrap()]);
        let numbers = all[0].numbers_here(pid).unwrap();
        assert_eq!(numbers.get(&pid), Some(&pid));
    }
}
