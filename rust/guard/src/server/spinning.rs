//! Spinning: whether to look again and again for an event, rather than to sleep until woken.
//!
//! An event that comes within microseconds is seen sooner by yielding and looking again.  But
//! on a crowded CPU a yield lasts as long as the time slices of all others, whereas a sleeper
//! is woken at once.

use std::time::Duration;

/// Experience with spinning for one kind of event.
pub struct Spinning {
    /// The time that an event is worth.
    worth: Duration,
    /// Occasions to let pass before spinning is tried again.
    pause: u32,
    /// The number of bad trials, less that of good ones.
    failures: u32,
    /// The time spent in the current trial.
    time: Duration,
    /// The events seen in that time.
    events: u32,
}

impl Spinning {
    /// Starts without experience; spinning pays while an event costs no more than `worth`.
    pub fn new(worth: Duration) -> Self {
        Self {
            worth,
            pause: 0,
            failures: 0,
            time: Duration::ZERO,
            events: 0,
        }
    }

    /// Whether to spin on this occasion.
    pub fn pays(&mut self) -> bool {
        let pays = self.pause == 0;
        self.pause = self.pause.saturating_sub(1);
        pays
    }

    /// Notes the time that an occasion has cost and the events it has brought.
    ///
    /// Where events have come to cost more than they are worth, ever more occasions are let
    /// pass.
    pub fn spent(&mut self, time: Duration, events: u32) {
        const TRIAL: Duration = Duration::from_millis(20);
        self.time += time;
        self.events += events;
        if self.time < TRIAL {
            return;
        }
        if self.time > self.worth * self.events.max(1) {
            self.pause = 200 << self.failures.min(10);
            self.failures += 1;
        } else {
            self.failures = self.failures.saturating_sub(1);
        }
        self.time = Duration::ZERO;
        self.events = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORTH: Duration = Duration::from_micros(60);
    const TRIAL: Duration = Duration::from_millis(20);

    fn occasions_let_pass(spinning: &mut Spinning) -> u32 {
        (0..10_000).find(|_| spinning.pays()).unwrap()
    }

    #[test]
    fn it_pays_while_events_are_cheap() {
        let mut spinning = Spinning::new(WORTH);
        for _ in 0..3 {
            spinning.spent(TRIAL, 1000);
            assert_eq!(occasions_let_pass(&mut spinning), 0);
        }
    }

    #[test]
    fn what_goes_on_failing_is_tried_ever_more_rarely() {
        let mut spinning = Spinning::new(WORTH);
        let mut fail = || {
            spinning.spent(TRIAL, 2);
            occasions_let_pass(&mut spinning)
        };
        assert_eq!([fail(), fail(), fail()], [200, 400, 800]);
    }

    #[test]
    fn nothing_is_judged_by_one_bad_occasion() {
        let mut spinning = Spinning::new(WORTH);
        spinning.spent(TRIAL / 2, 0);
        assert!(spinning.pays());
    }
}
