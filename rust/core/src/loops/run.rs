//! Running a loop, piece by piece.

use super::program::{Chain, End, Node, NodeId, Program, Stage};
use super::scalar::{Word, cast};

/// The items that a loop goes over: `count` numbers from `start` on, `step` apart.
#[derive(Clone, Copy, Debug)]
pub struct Numbers {
    /// The number of the first item.
    pub start: Word,
    /// From one number to the next.
    pub step: Word,
    /// How many there are.
    pub count: u64,
    /// How many items side by side the bytes of a piece must hold for one step, or as many as
    /// there are; 0 where the numbers are the items and there are no pieces.
    pub width: u64,
    /// How many items there are in memory.
    pub length: u64,
}

impl Numbers {
    /// A number by its place; beyond every type it wraps.
    fn at(&self, place: u64) -> Word {
        let way = self.step.wrapping_mul(Word::from(place));
        self.start.wrapping_add(way)
    }

    /// Whether all that a step reads is in a piece.
    fn are_in(&self, piece: &Piece<'_>, number: Word) -> bool {
        let have = (piece.bytes.len() / piece.stride.max(1)) as Word;
        let first = Word::from(piece.first);
        let end = number.wrapping_add(Word::from(self.width));
        number >= first && end.min(Word::from(self.length)) <= first + have && number < first + have
    }
}

/// Items in the memory of the program.
#[derive(Clone, Copy, Debug)]
pub struct Piece<'a> {
    /// The number of the first item in `bytes`.
    pub first: u64,
    /// How many bytes an item takes.
    pub stride: usize,
    /// The items.
    pub bytes: &'a [u8],
}

/// Why a loop has stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// All is done.
    Done,
    /// It goes on with a piece that has this item.
    Needs(u64),
    /// As many steps as were allowed are done.
    Paused,
    /// As many items as were asked for have been emitted.
    Full,
    /// A node has no value: the program would panic, or its bytes are not valid.
    Failed(NodeId),
}

/// A loop that is under way.
#[derive(Debug)]
pub struct Run {
    program: Program,
    registers: Vec<Word>,
    tables: Vec<Vec<u8>>,
    numbers: Numbers,
    done: u64,
    is_last: bool,
    emitted: Vec<Word>,
}

/// What one evaluation sees.
struct Frame<'a> {
    registers: &'a mut [Word],
    tables: &'a [Vec<u8>],
    piece: Piece<'a>,
    emitted: &'a mut Vec<Word>,
    /// How many steps are still allowed; those of chains inside count.
    steps: u64,
}

/// What follows an item.
enum Flow {
    Next,
    Last,
}

impl Run {
    /// A loop that begins with these registers; `tables` are the buffers from number 1 on.
    pub fn new(
        program: Program,
        registers: Vec<Word>,
        tables: Vec<Vec<u8>>,
        numbers: Numbers,
    ) -> Self {
        Self {
            program,
            registers,
            tables,
            numbers,
            done: 0,
            is_last: false,
            emitted: Vec::new(),
        }
    }

    /// Goes on for at most `steps` items, or until `room` items have been emitted.
    pub fn feed(&mut self, piece: Piece<'_>, steps: u64, room: usize) -> Status {
        let mut frame = Frame {
            registers: &mut self.registers,
            tables: &self.tables,
            piece,
            emitted: &mut self.emitted,
            steps,
        };
        let chain = &self.program.chains[0];
        let full = match &chain.end {
            End::Emit(words) => room.saturating_mul(words.len().max(1)),
            End::Fold { .. } => usize::MAX,
        };
        while self.done < self.numbers.count && !self.is_last {
            if frame.emitted.len() >= full {
                return Status::Full;
            }
            if frame.steps == 0 {
                return Status::Paused;
            }
            let number = self.numbers.at(self.done);
            if self.numbers.width > 0 && !self.numbers.are_in(&piece, number) {
                return Status::Needs(number as u64);
            }
            self.done += 1;
            match self.program.item(chain, number, &mut frame) {
                Ok(Flow::Next) => {}
                Ok(Flow::Last) => self.is_last = true,
                Err(node) => {
                    self.is_last = true;
                    return Status::Failed(node);
                }
            }
        }
        Status::Done
    }

    /// How many items were gone over.
    pub fn done(&self) -> u64 {
        self.done
    }

    /// Takes the words that were emitted.
    pub fn take_emitted(&mut self) -> Vec<Word> {
        std::mem::take(&mut self.emitted)
    }

    /// The value of a node as things are now, `None` where it has none.
    pub fn evaluate(&mut self, node: NodeId, piece: Piece<'_>) -> Option<Word> {
        self.program.nodes.get(node as usize)?;
        let mut frame = Frame {
            registers: &mut self.registers,
            tables: &self.tables,
            piece,
            emitted: &mut self.emitted,
            steps: u64::MAX,
        };
        self.program.value(node, &mut frame).ok()
    }
}

impl Program {
    /// Takes one item through a chain.
    fn item(&self, chain: &Chain, number: Word, frame: &mut Frame<'_>) -> Result<Flow, NodeId> {
        frame.steps = frame.steps.saturating_sub(1);
        frame.registers[chain.position] = number;
        let mut flow = Flow::Next;
        for stage in &chain.stages {
            match *stage {
                Stage::Let(register, node) => {
                    frame.registers[register] = self.value(node, frame)?;
                }
                Stage::Filter(node) => {
                    if self.value(node, frame)? == 0 {
                        return Ok(flow);
                    }
                }
                Stage::While(node) => {
                    if self.value(node, frame)? == 0 {
                        return Ok(Flow::Last);
                    }
                }
                Stage::Last(node) => {
                    if self.value(node, frame)? != 0 {
                        flow = Flow::Last;
                    }
                }
            }
        }
        self.end(&chain.end, frame)?;
        Ok(flow)
    }

    fn end(&self, end: &End, frame: &mut Frame<'_>) -> Result<(), NodeId> {
        match end {
            End::Emit(words) => {
                for &word in words {
                    let value = self.value(word, frame)?;
                    frame.emitted.push(value);
                }
                if words.is_empty() {
                    frame.emitted.push(0);
                }
            }
            End::Fold {
                seen,
                first,
                condition,
                next,
            } => {
                let is_first = frame.registers[*seen] == 0;
                if let (false, Some(condition)) = (is_first, condition)
                    && self.value(*condition, frame)? == 0
                {
                    return Ok(());
                }
                self.assign(if is_first { first } else { next }, frame)?;
                frame.registers[*seen] = 1;
            }
        }
        Ok(())
    }

    fn assign(&self, pairs: &[(usize, NodeId)], frame: &mut Frame<'_>) -> Result<(), NodeId> {
        if let &[(register, node)] = pairs {
            frame.registers[register] = self.value(node, frame)?;
            return Ok(());
        }
        let values = pairs
            .iter()
            .map(|&(_, node)| self.value(node, frame))
            .collect::<Result<Vec<_>, _>>()?;
        for (&(register, _), value) in pairs.iter().zip(values) {
            frame.registers[register] = value;
        }
        Ok(())
    }

    /// The value of a node that others use: most are constants and registers.
    #[inline]
    fn operand(&self, id: NodeId, frame: &mut Frame<'_>) -> Result<Word, NodeId> {
        match self.nodes[id as usize] {
            Node::Constant(word) => Ok(word),
            Node::Register(register) => Ok(frame.registers[register]),
            _ => self.value(id, frame),
        }
    }

    /// The value of a node; its number, or that of a node in it, where it has none.
    fn value(&self, id: NodeId, frame: &mut Frame<'_>) -> Result<Word, NodeId> {
        match self.nodes[id as usize] {
            Node::Constant(word) => Ok(word),
            Node::Register(register) => Ok(frame.registers[register]),
            Node::Load {
                buffer,
                type_,
                stride,
                offset,
                index,
                inside,
            } => {
                let index = self.operand(index, frame)?;
                let inside = inside.map_or(Ok(0), |inside| self.operand(inside, frame))?;
                let bytes = frame.bytes(buffer, index, stride, offset, inside, type_.size());
                bytes.and_then(|bytes| type_.load(bytes)).ok_or(id)
            }
            Node::Index { index, length } => {
                let index = self.operand(index, frame)?;
                let length = self.operand(length, frame)?;
                (0..length).contains(&index).then_some(index).ok_or(id)
            }
            Node::If {
                condition,
                then,
                otherwise,
            } => {
                let is_true = self.operand(condition, frame)? != 0;
                self.operand(if is_true { then } else { otherwise }, frame)
            }
            Node::Let {
                register,
                value,
                body,
            } => {
                frame.registers[register] = self.operand(value, frame)?;
                self.operand(body, frame)
            }
            Node::Succeeds(node) => Ok(Word::from(self.operand(node, frame).is_ok())),
            Node::Fail => Err(id),
            Node::Cast { from, to, value } => Ok(cast(self.operand(value, frame)?, from, to)),
            Node::Chain {
                chain,
                start,
                count,
                step,
            } => {
                let start = self.operand(start, frame)?;
                let count = self.operand(count, frame)?;
                self.inner(chain, start, count, step, frame)
            }
            Node::Apply { function, a, b, c } => {
                let a = self.operand(a, frame)?;
                let b = b.map_or(Ok(0), |b| self.operand(b, frame))?;
                let c = c.map_or(Ok(0), |c| self.operand(c, frame))?;
                function.apply(a, b, c).ok_or(id)
            }
        }
    }

    /// Runs a chain inside an expression.
    fn inner(
        &self,
        chain: usize,
        start: Word,
        count: Word,
        step: Word,
        frame: &mut Frame<'_>,
    ) -> Result<Word, NodeId> {
        for at in 0..count {
            let number = start.wrapping_add(step.wrapping_mul(at));
            if let Flow::Last = self.item(&self.chains[chain], number, frame)? {
                break;
            }
        }
        Ok(0)
    }
}

impl Frame<'_> {
    /// The bytes of a part of an item, `None` where the buffer does not have them.
    fn bytes(
        &self,
        buffer: usize,
        index: Word,
        stride: usize,
        offset: usize,
        inside: Word,
        size: usize,
    ) -> Option<&[u8]> {
        let (bytes, first) = match buffer.checked_sub(1) {
            None => (self.piece.bytes, self.piece.first),
            Some(table) => (self.tables[table].as_slice(), 0),
        };
        let item = usize::try_from(index.wrapping_sub(Word::from(first))).ok()?;
        let offset = offset.checked_add(usize::try_from(inside).ok()?)?;
        let start = item.checked_mul(stride)?.checked_add(offset)?;
        bytes.get(start..start.checked_add(size)?)
    }
}
