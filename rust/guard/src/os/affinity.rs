//! The set of CPUs that a thread may run on (`sched_setaffinity(2)`).

/// A set of CPUs.
pub struct CpuSet(libc::cpu_set_t);

impl CpuSet {
    /// The set of one CPU.
    pub fn only(cpu: u32) -> Self {
        let mut set = Self::empty();
        // SAFETY: the set is initialised; the function checks the range.
        unsafe { libc::CPU_SET(cpu as usize, &mut set.0) };
        set
    }

    /// Reads where thread `tid` may run; 0 is this one.
    pub fn of(tid: i32) -> Option<Self> {
        let mut set = Self::empty();
        // SAFETY: the set is as large as stated.
        let answer = unsafe { libc::sched_getaffinity(tid, size_of_val(&set.0), &raw mut set.0) };
        (answer == 0).then_some(set)
    }

    /// Makes thread `tid` run on these CPUs only; `false` when the kernel refuses.
    pub fn apply_to(&self, tid: i32) -> bool {
        // SAFETY: the set is as large as stated.
        let answer =
            unsafe { libc::sched_setaffinity(tid, size_of_val(&self.0), &raw const self.0) };
        answer == 0
    }

    fn empty() -> Self {
        // SAFETY: all zeroes is the empty set.
        Self(unsafe { std::mem::zeroed() })
    }
}

impl PartialEq for CpuSet {
    fn eq(&self, other: &Self) -> bool {
        // SAFETY: both sets are initialised.
        unsafe { libc::CPU_EQUAL(&self.0, &other.0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn we_run_where_we_may() {
        let own = CpuSet::of(0).unwrap();
        assert!(own != CpuSet::empty() && own.apply_to(0));
        assert!(CpuSet::of(0).unwrap() == own);
        assert!(CpuSet::only(3) == CpuSet::only(3));
        assert!(CpuSet::only(3) != CpuSet::only(4));
        assert!(!CpuSet::empty().apply_to(0));
    }
}
