//! What all movements come to.

use std::collections::BTreeMap;
use std::fmt;

use crate::movement::{Kind, Movement};

/// Sums of one ship.
#[derive(Debug, Default, Clone)]
pub struct Totals {
    pub calls: u32,
    pub tons: i64,
}

/// Sums of all ships, and the lines that could not be read.
#[derive(Debug, Default)]
pub struct Ledger {
    ships: BTreeMap<String, Totals>,
    tons: i64,
    inspections: u32,
    rejected: Vec<(usize, String)>,
}

impl Ledger {
    pub fn add(&mut self, movement: &Movement) {
        let totals = self.ships.entry(movement.ship.clone()).or_default();
        match &movement.kind {
            Kind::Arrival { .. } => totals.calls += 1,
            Kind::Inspection(_) => self.inspections += 1,
            Kind::Departure => {}
        }
        totals.tons += movement.tons;
        self.tons += movement.tons;
    }

    pub fn reject(&mut self, number: usize, reason: String) {
        self.rejected.push((number, reason));
    }

    /// The ship with the largest `measure`.
    pub fn busiest<M: Ord>(&self, measure: impl Fn(&Totals) -> M) -> Option<(&String, &Totals)> {
        self.ships.iter().max_by_key(|(_, totals)| measure(totals))
    }
}

impl fmt::Display for Ledger {
    fn fmt(&self, output: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (ship, totals) in &self.ships {
            writeln!(
                output,
                "{ship:<16}{:>3} calls {:>7} t",
                totals.calls, totals.tons
            )?;
        }
        writeln!(
            output,
            "all ships: {} t, {} inspections",
            self.tons, self.inspections
        )?;
        for (number, reason) in &self.rejected {
            writeln!(output, "line {number} rejected: {reason}")?;
        }
        Ok(())
    }
}
