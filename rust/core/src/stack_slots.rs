//! What the code of a function does to the places of its variables.
//!
//! Debug information says where a variable is, but not from when on there is a value.  Its code
//! does: where no path from the function's entry leads over an instruction that has to do
//! with the place, nothing can be there yet.  Wherever that is not certain, more paths and more
//! instructions are taken into account than there may be, never fewer.

mod accesses;
mod counters;
mod dispatch;
mod flow;

use std::ops::Range;

pub use counters::{Step, counter_steps};
pub use dispatch::{DispatchTable, dispatch_table};

use accesses::Access;
use flow::{Dominators, Graph, Region};

/// Code of a function, by address.
#[derive(Clone, Copy, Debug)]
pub struct FunctionCode<'a> {
    /// Its parts: address and bytes of each.
    pub parts: &'a [(u64, &'a [u8])],
    /// Address of the first instruction.
    pub entry: u64,
    /// Where calls in a range go on when they unwind.
    pub landing_pads: &'a [(Range<u64>, u64)],
}

/// The place of a variable in the frame.
#[derive(Clone, Debug)]
pub struct Slot {
    /// Bytes, counted from the canonical frame address.
    pub bytes: Range<i64>,
    /// Code in which the variable is in scope anew each time that it is entered; empty to
    /// count what was written before that, too.
    pub scope: Vec<Range<u64>>,
}

/// The instructions that have to do with a slot: that read or write it, or take its address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Accesses {
    /// Those of the whole function.
    pub all: Vec<u64>,
    /// Those that may be the last to be run before a given one.
    pub last: Vec<u64>,
}

/// Finds for each slot what has to do with it, and what of that before the instruction at `pc`.
///
/// `exact` tells that each slot is an object of its own, so that a pointer into another one
/// never leads to it: so it is in code that was not optimised.
///
/// `None` where the frame cannot be followed through the function.
pub fn accesses_before(
    code: FunctionCode<'_>,
    pc: u64,
    slots: &[Slot],
    exact: bool,
) -> Option<Vec<Accesses>> {
    let graph = Graph::of(code)?;
    let accesses = accesses::of(&graph, exact)?;
    let at = graph.index(pc)?;
    let dominators = Dominators::of(&graph);
    if !dominators.is_reached(at) {
        return None;
    }
    let found = slots.iter().map(|slot| {
        let region = Region::of(&graph, &dominators, &slot.scope);
        Accesses {
            all: concerning(&graph, &accesses, &slot.bytes),
            last: search(&graph, &accesses, at, &slot.bytes, region.as_ref()),
        }
    });
    Some(found.collect())
}

/// Tells of each slot whether every path from `start` to `pc` leads over an instruction that has
/// to do with it.
///
/// Slots are objects of their own, as `exact` tells in [`accesses_before`].  `None` where the
/// frame cannot be followed through the function, or no path leads there.
pub fn is_accessed_between(
    code: FunctionCode<'_>,
    start: u64,
    pc: u64,
    slots: &[Range<i64>],
) -> Option<Vec<bool>> {
    let graph = Graph::of(code)?;
    let accesses = accesses::of(&graph, true)?;
    let (start, at) = (graph.index(start)?, graph.index(pc)?);
    let after = graph.after();
    if !is_reached(&after, start, at, |_| false) {
        return None;
    }
    let found = slots.iter().map(|slot| {
        let is_access = |node: usize| accesses[node].iter().any(|access| access.concerns(slot));
        !is_reached(&after, start, at, is_access)
    });
    Some(found.collect())
}

/// Whether a path leads from `start` to the instruction at `at`, over none of the `barred`.
fn is_reached(after: &[Vec<u32>], start: usize, at: usize, barred: impl Fn(usize) -> bool) -> bool {
    let mut seen = vec![false; after.len()];
    let mut todo = vec![start];
    while let Some(node) = todo.pop() {
        if node == at {
            return true;
        }
        if !std::mem::replace(&mut seen[node], true) && !barred(node) {
            todo.extend(after[node].iter().map(|next| *next as usize));
        }
    }
    false
}

fn concerning(graph: &Graph, accesses: &[Vec<Access>], slot: &Range<i64>) -> Vec<u64> {
    (0..graph.len())
        .filter(|node| accesses[*node].iter().any(|access| access.concerns(slot)))
        .map(|node| graph.address(node))
        .collect()
}

/// Goes back from `at` over all paths, up to the first access on each.
///
/// With a region, paths go back to where it was entered, and further outside of it, but not
/// into it again.
fn search(
    graph: &Graph,
    accesses: &[Vec<Access>],
    at: usize,
    slot: &Range<i64>,
    region: Option<&Region>,
) -> Vec<u64> {
    let mut found = Vec::new();
    let mut seen = vec![false; graph.len()];
    let mut todo: Vec<(usize, usize)> = graph.before(at).map(|previous| (previous, at)).collect();
    while let Some((node, next)) = todo.pop() {
        if region.is_some_and(|region| region.is_entered_anew(node, next)) || seen[node] {
            continue;
        }
        seen[node] = true;
        if accesses[node].iter().any(|access| access.concerns(slot)) {
            found.push(graph.address(node));
            continue;
        }
        todo.extend(graph.before(node).map(|previous| (previous, node)));
    }
    found.sort_unstable();
    found
}

#[cfg(test)]
mod tests;
