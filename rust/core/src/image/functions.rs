//! The functions of an image: by their entries, and by symbol and rows where there are none.
//!
//! A unit with line tables only has entries for functions that others were inlined into, with
//! bare names, and none for the rest.

use super::Image;
use crate::die::DieId;
use crate::dwarf::{DebugInfo, Declaration, Function, LineSpan, LineSpans};
use crate::elf::{Symbol, SymbolKind};
use crate::path_query::{completed_path, last_segment};

impl Image {
    /// The concrete function that covers `address`.
    pub fn function_at(&self, address: u64) -> Option<Function> {
        let info = self.debug()?;
        match info.function_at(address) {
            Some(function) => Some(self.completed(function)),
            None => self.function_without_entry(info, address),
        }
    }

    /// The functions around `address`: the innermost inline instance first, the concrete
    /// function last.
    pub fn inline_chain(&self, address: u64) -> Vec<Function> {
        let Some(info) = self.debug() else {
            return Vec::new();
        };
        let mut chain = info.inline_chain(address);
        if let Some(concrete) = chain.pop() {
            chain.push(self.completed(concrete));
        } else {
            chain.extend(self.function_without_entry(info, address));
        }
        chain
    }

    /// The lines that the frame at `depth` around `address`, counted from the concrete
    /// function, is on, over all of its code.
    pub fn line_spans(&self, address: u64, depth: usize) -> Option<LineSpans> {
        let info = self.debug()?;
        let found = info.line_spans(address, depth);
        if found.is_some() || depth != 0 {
            return found;
        }
        let function = self.function_without_entry(info, address)?;
        let rows = function
            .ranges
            .iter()
            .flat_map(|(start, end)| info.rows_between(*start, *end));
        let spans = rows.map(|row| LineSpan {
            code: (row.address, row.end),
            path: row.path,
            line: row.line,
            is_statement: row.is_stmt && row.line != 0,
            callee: None,
        });
        Some(LineSpans {
            spans: spans.collect(),
            callees: Vec::new(),
        })
    }

    /// A concrete function, with the path of its symbol where its entry has a bare name.
    pub(super) fn completed(&self, mut function: Function) -> Function {
        if function.linkage_name.is_some() || function.name.contains("::") {
            return function;
        }
        let symbol = self.symbol_at(function.entry);
        let symbol = symbol.filter(|symbol| symbol.address == function.entry);
        let Some(symbol) = symbol else {
            return function;
        };
        let outer = &symbol.name[..last_segment(&symbol.name)];
        if !outer.is_empty() {
            function.name.insert_str(0, outer);
            function.path = completed_path(&symbol.name, &function.name);
            function.linkage_name = Some(symbol.linkage_name);
        }
        function
    }

    /// The function around `address` that only a symbol and rows tell of.
    fn function_without_entry(&self, info: &DebugInfo, address: u64) -> Option<Function> {
        let symbol = self.symbol_at(address)?;
        let is_around = address - symbol.address < symbol.size;
        (is_around && symbol.kind == SymbolKind::Function).then_some(())?;
        let row = info.row_at(symbol.address)?;
        let Symbol {
            name,
            linkage_name,
            address,
            size,
            ..
        } = symbol;
        let die = DieId::without_entry(address);
        Some(Function {
            die,
            origin: die,
            path: completed_path(&name, &name),
            name,
            linkage_name: Some(linkage_name),
            entry: address,
            ranges: vec![(address, address + size)],
            declaration: Declaration {
                path: Some(row.path),
                line: row.line,
            },
            call: None,
            unit: info.unit_at(address)?.number,
        })
    }
}
