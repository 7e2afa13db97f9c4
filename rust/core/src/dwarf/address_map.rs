//! The map from addresses to units.

/// Number of earlier ranges that are searched for one that overlaps; sound files have none.
const LOOK_BACK: usize = 8;

/// Code of one unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Span {
    pub(super) start: u64,
    pub(super) end: u64,
    pub(super) unit: u32,
}

/// Units by the addresses of their code.
#[derive(Debug)]
pub(super) struct AddressMap(Vec<Span>);

impl AddressMap {
    /// A map of `spans`, in any order; those of one unit that touch are joined.
    pub(super) fn new(mut spans: Vec<Span>) -> Self {
        spans.sort_unstable();
        spans.dedup_by(|next, last| {
            let is_more = next.unit == last.unit && next.start <= last.end;
            if is_more {
                last.end = last.end.max(next.end);
            }
            is_more
        });
        Self(spans)
    }

    /// Number of the unit that has code at `address`.
    pub(super) fn unit_at(&self, address: u64) -> Option<usize> {
        let after = self.0.partition_point(|span| span.start <= address);
        self.0[..after]
            .iter()
            .rev()
            .take(LOOK_BACK)
            .find(|span| address < span.end)
            .map(|span| span.unit as usize)
    }

    /// Numbers of the units that have code in `[start, end)`, each once.
    pub(super) fn units_between(&self, start: u64, end: u64) -> Vec<usize> {
        let before = self
            .0
            .partition_point(|span| span.start <= start)
            .saturating_sub(LOOK_BACK);
        let mut units: Vec<usize> = self.0[before..]
            .iter()
            .take_while(|span| span.start < end)
            .filter(|span| span.end > start)
            .map(|span| span.unit as usize)
            .collect();
        units.sort_unstable();
        units.dedup();
        units
    }
}
