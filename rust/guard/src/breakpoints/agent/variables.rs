//! Trace state variables ("Trace State Variables" in the GDB manual), with which agent
//! expressions count.

/// The most variables; larger numbers are refused.
const MAX_VARIABLES: usize = 4096;

/// The variables of a session, by number.
#[derive(Debug, Default, Clone)]
pub struct Variables {
    values: Vec<i64>,
}

impl Variables {
    /// Returns the value of a variable; one never set is 0.
    #[must_use]
    pub fn get(&self, number: u16) -> i64 {
        self.values.get(usize::from(number)).copied().unwrap_or(0)
    }

    /// Sets a variable; `false` when its number is too large.
    pub fn set(&mut self, number: u16, value: i64) -> bool {
        let index = usize::from(number);
        if index >= MAX_VARIABLES {
            return false;
        }
        if index >= self.values.len() {
            self.values.resize(index + 1, 0);
        }
        self.values[index] = value;
        true
    }
}
