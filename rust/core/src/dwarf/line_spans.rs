//! The lines that one logical frame is on, over all of its code.

use std::sync::Arc;

use super::code_attributes::CodeAttributes;
use super::debug_info::DebugInfo;
use super::functions::{CodeRange, Function, inlined_at};
use super::lines::Row;
use super::outline::Scope;
use super::unit::Unit;

/// A stretch of code in which a frame is on one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineSpan {
    /// Its code.
    pub code: CodeRange,
    /// Source file; in code that was inlined into the frame, that of the call.
    pub path: Arc<str>,
    /// Line from 1; 0 means that the code belongs to no line.
    pub line: u32,
    /// Whether its first instruction begins a statement.
    pub is_statement: bool,
    /// The function inlined into the frame that the code is in, as an index into
    /// [`LineSpans::callees`].
    pub callee: Option<usize>,
}

/// The lines that one logical frame is on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LineSpans {
    /// Spans by address.
    pub spans: Vec<LineSpan>,
    /// Functions inlined directly into the frame, by address.
    pub callees: Vec<Function>,
}

impl DebugInfo {
    /// The lines of the frame at `depth` around `address`, over all of its code.
    ///
    /// Depth 0 is the concrete function, 1 the instance inlined into it at `address`, and so on.
    pub(crate) fn line_spans(&self, address: u64, depth: usize) -> Option<LineSpans> {
        let unit = self.unit_at(address)?;
        let function = unit.outline().function_at(address)?;
        let frame = match depth.checked_sub(1) {
            None => function,
            Some(index) => *inlined_at(unit, function, address).get(index)?,
        };
        let callees = self.callees_of(unit, frame);
        let calls = Calls::of(&callees);
        let entry = unit.entry(frame.start()).ok()?;
        let mut spans = Vec::new();
        for range in CodeAttributes::of(&entry.die).ranges_in(unit, &|_| true) {
            for row in self.rows_between(range.0, range.1) {
                let code = (row.address.max(range.0), row.end.min(range.1));
                calls.cut(&row, code, &mut spans);
            }
        }
        Some(LineSpans { spans, callees })
    }

    /// Instances inlined directly into `frame`, by address.
    fn callees_of(&self, unit: &Unit, frame: Scope) -> Vec<Function> {
        let outline = unit.outline();
        let mut callees = Vec::new();
        let Some(index) = outline.scope_at(frame.start()) else {
            return callees;
        };
        let inside = outline.inside(index);
        let mut next = inside.start;
        while next < inside.end {
            let Some(scope) = outline.scopes.get(next as usize) else {
                break;
            };
            if scope.tag == gimli::DW_TAG_inlined_subroutine {
                callees.extend(self.function(unit, scope.start()));
            }
            next = match scope.tag {
                gimli::DW_TAG_lexical_block => next + 1,
                _ => outline.inside(next).end,
            };
        }
        callees.sort_by_key(|callee| callee.entry);
        callees
    }
}

/// The code of callees and their numbers, by address.
struct Calls<'a> {
    callees: &'a [Function],
    ranges: Vec<(CodeRange, usize)>,
}

impl<'a> Calls<'a> {
    fn of(callees: &'a [Function]) -> Self {
        let numbered = callees.iter().enumerate();
        let mut ranges: Vec<(CodeRange, usize)> = numbered
            .flat_map(|(number, callee)| callee.ranges.iter().map(move |range| (*range, number)))
            .collect();
        ranges.sort_unstable();
        Self { callees, ranges }
    }

    /// Cuts the part `code` of a row where callees begin and end.
    fn cut(&self, row: &Row, code: CodeRange, spans: &mut Vec<LineSpan>) {
        let (mut at, end) = code;
        while at < end {
            let after = self.ranges.partition_point(|(range, _)| range.0 <= at);
            let next = self
                .ranges
                .get(after)
                .map_or(end, |(range, _)| range.0.min(end));
            let around = self.ranges[..after].last();
            let around = around.filter(|(range, _)| at < range.1);
            let stop = around.map_or(next, |(range, _)| range.1.min(next));
            let callee = around.map(|(_, number)| *number);
            let call = callee.and_then(|number| self.callees[number].call.as_ref());
            let call_path = call.and_then(|call| call.path.as_ref());
            spans.push(LineSpan {
                code: (at, stop),
                path: Arc::clone(call_path.unwrap_or(&row.path)),
                line: call.map_or(row.line, |call| call.line),
                is_statement: row.is_stmt && row.line != 0 && at == row.address,
                callee,
            });
            at = stop;
        }
    }
}
