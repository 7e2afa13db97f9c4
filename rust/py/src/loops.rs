//! Loops over plain data, for the expression language.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crabtrap_core::loops::{
    ChainText, EndText, NodeId, NodeText, Numbers, Piece, Program, Register, Run, StageText,
    Status, Word,
};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;

use crate::boundary;

/// The end of a chain: words to emit, or what is assigned.
#[derive(FromPyObject)]
pub(crate) enum End {
    Emit(Vec<NodeId>),
    Fold(Fold),
}

type Assigned = Vec<(Register, NodeId)>;
type Fold = (Register, Assigned, Option<NodeId>, Assigned);
type Chain = (Register, Vec<StageText>, End);

fn chain_text((position, stages, end): Chain) -> ChainText {
    let end = match end {
        End::Emit(words) => EndText::Emit(words),
        End::Fold((seen, first, condition, next)) => EndText::Fold {
            seen,
            first,
            condition,
            next,
        },
    };
    ChainText {
        position,
        stages,
        end,
    }
}

/// A loop that is under way.
#[pyclass(frozen, module = "crabtrap._core")]
pub(crate) struct Loop(Mutex<Run>);

#[pymethods]
impl Loop {
    #[new]
    fn new(
        py: Python<'_>,
        nodes: Vec<NodeText>,
        chains: Vec<Chain>,
        registers: Vec<Word>,
        tables: Vec<PyBackedBytes>,
        numbers: (Word, Word, u64, u64, u64),
    ) -> PyResult<Self> {
        let chains: Vec<ChainText> = chains.into_iter().map(chain_text).collect();
        let (start, step, count, width, length) = numbers;
        let run = boundary::call(py, || {
            let program = Program::new(&nodes, &chains, registers.len(), tables.len() + 1)?;
            let tables = tables.iter().map(|table| table.to_vec()).collect();
            let numbers = Numbers {
                start,
                step,
                count,
                width,
                length,
            };
            Ok(Run::new(program, registers, tables, numbers))
        })?;
        Ok(Self(Mutex::new(run)))
    }

    /// Go on with a piece of memory.
    fn feed(
        &self,
        py: Python<'_>,
        first: u64,
        stride: usize,
        data: &[u8],
        steps: u64,
        room: usize,
    ) -> PyResult<(&'static str, u64)> {
        let piece = Piece {
            first,
            stride,
            bytes: data,
        };
        let status = boundary::call(py, || Ok(self.run().feed(piece, steps, room)))?;
        Ok(match status {
            Status::Done => ("done", 0),
            Status::Needs(item) => ("needs", item),
            Status::Paused => ("paused", 0),
            Status::Full => ("full", 0),
            Status::Failed(node) => ("failed", u64::from(node)),
        })
    }

    /// How many items were gone over.
    #[getter]
    fn done(&self) -> u64 {
        self.run().done()
    }

    /// Take the words that were emitted.
    fn take_emitted(&self) -> Vec<Word> {
        self.run().take_emitted()
    }

    /// The value of a node as things are now.
    fn evaluate(&self, node: NodeId, first: u64, stride: usize, data: &[u8]) -> Option<Word> {
        let piece = Piece {
            first,
            stride,
            bytes: data,
        };
        self.run().evaluate(node, piece)
    }
}

impl Loop {
    fn run(&self) -> MutexGuard<'_, Run> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
