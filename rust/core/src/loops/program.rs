//! Programs of loops: expressions as numbered nodes, chains of stages, and their validation.

use super::functions::Function;
use super::scalar::{Scalar, Word};
use crate::error::{Error, Result};

/// The number of a node; a node uses only nodes of lower numbers.
pub type NodeId = u32;

/// The number of a register.
pub type Register = u32;

/// Deepest nesting of nodes: the evaluation calls itself as deep.
const MAX_DEPTH: u32 = 400;

/// A node as the caller describes it: an operation, a type and numbers.
///
/// | operation | numbers | value |
/// |---|---|---|
/// | `const` | word | the word |
/// | `register` | register | what is in it |
/// | `load` | buffer, stride, offset, node, node or -1 | a scalar of the type at `offset` of the item whose index the first node has, further on by the second |
/// | `index` | node, node | the first, a failure unless it is an index below the second |
/// | `if` | node, node, node | the second where the first is 1, else the third |
/// | `let` | register, node, node | the second, after the first was put into the register |
/// | `succeeds` | node | 1, or 0 where the node fails |
/// | `fail` | | none |
/// | `cast` | node | the value as another type: `u8 as f32` |
/// | `chain` | chain, node, node, step | 0, after a chain ran over so many numbers from the first node on |
/// | a function of the type | 1 to 3 nodes | its value |
pub type NodeText = (String, String, Vec<Word>);

/// A stage of a chain: `let`, `filter`, `while` or `last`, a register (of `let`), a node.
pub type StageText = (String, Register, NodeId);

/// A chain as the caller describes it.
#[derive(Clone, Debug, Default)]
pub struct ChainText {
    /// Where the number of the present item is put.
    pub position: Register,
    /// What happens to each item.
    pub stages: Vec<StageText>,
    /// What becomes of the items that are left.
    pub end: EndText,
}

/// The end of a chain as the caller describes it.
#[derive(Clone, Debug)]
pub enum EndText {
    /// Gives words of each item.
    Emit(Vec<NodeId>),
    /// Assigns registers: `first` at the first item, `next` at those after it for which the
    /// condition is 1.  All values are computed before the first is assigned.
    Fold {
        /// 0 until the first item has come.
        seen: Register,
        /// At the first item.
        first: Vec<(Register, NodeId)>,
        /// Whether a further item counts.
        condition: Option<NodeId>,
        /// At a further item.
        next: Vec<(Register, NodeId)>,
    },
}

impl Default for EndText {
    fn default() -> Self {
        Self::Emit(Vec::new())
    }
}

/// An expression.
#[derive(Clone, Debug)]
pub(super) enum Node {
    Constant(Word),
    Register(usize),
    Load {
        buffer: usize,
        type_: Scalar,
        stride: usize,
        offset: usize,
        index: NodeId,
        inside: Option<NodeId>,
    },
    Index {
        index: NodeId,
        length: NodeId,
    },
    If {
        condition: NodeId,
        then: NodeId,
        otherwise: NodeId,
    },
    Let {
        register: usize,
        value: NodeId,
        body: NodeId,
    },
    Succeeds(NodeId),
    Fail,
    Cast {
        from: Scalar,
        to: Scalar,
        value: NodeId,
    },
    Chain {
        chain: usize,
        start: NodeId,
        count: NodeId,
        step: Word,
    },
    Apply {
        function: Function,
        a: NodeId,
        b: Option<NodeId>,
        c: Option<NodeId>,
    },
}

/// What happens to an item.
#[derive(Clone, Copy, Debug)]
pub(super) enum Stage {
    /// Computes a register.
    Let(usize, NodeId),
    /// Drops the item where the node is 0.
    Filter(NodeId),
    /// Ends the chain, without this item, where the node is 0.
    While(NodeId),
    /// Makes this item the last one where the node is 1.
    Last(NodeId),
}

/// What becomes of the items that are left.
#[derive(Clone, Debug)]
pub(super) enum End {
    Emit(Vec<NodeId>),
    Fold {
        seen: usize,
        first: Vec<(usize, NodeId)>,
        condition: Option<NodeId>,
        next: Vec<(usize, NodeId)>,
    },
}

/// Stages and their end.
#[derive(Clone, Debug)]
pub(super) struct Chain {
    pub(super) position: usize,
    pub(super) stages: Vec<Stage>,
    pub(super) end: End,
}

/// A valid program: every number in it names something, and nothing uses itself.
#[derive(Clone, Debug)]
pub struct Program {
    pub(super) nodes: Vec<Node>,
    /// The first one is the loop itself, the others are called by nodes.
    pub(super) chains: Vec<Chain>,
}

impl Program {
    /// Reads a program.
    ///
    /// # Errors
    /// [`Error::Damaged`] where an operation, a type or a number does not exist.
    pub fn new(
        nodes: &[NodeText],
        chains: &[ChainText],
        registers: usize,
        buffers: usize,
    ) -> Result<Self> {
        let mut reader = ProgramReader {
            nodes: Vec::with_capacity(nodes.len()),
            depths: Vec::with_capacity(nodes.len()),
            chains,
            registers,
            buffers,
        };
        for node in nodes {
            reader.add(node)?;
        }
        let chains = chains
            .iter()
            .map(|chain| reader.chain(chain))
            .collect::<Result<Vec<_>>>()?;
        if chains.is_empty() {
            return Err(damaged("a loop without a chain"));
        }
        Ok(Self {
            nodes: reader.nodes,
            chains,
        })
    }
}

fn damaged(what: &str) -> Error {
    Error::Damaged(format!("a loop's program: {what}"))
}

/// Reads nodes one after the other.
struct ProgramReader<'a> {
    nodes: Vec<Node>,
    depths: Vec<u32>,
    chains: &'a [ChainText],
    registers: usize,
    buffers: usize,
}

impl ProgramReader<'_> {
    fn add(&mut self, (operation, type_, numbers): &NodeText) -> Result<()> {
        let node = self.node(operation, type_, numbers)?;
        let depth = 1 + self.depth_below(&node)?;
        if depth > MAX_DEPTH {
            return Err(damaged("nested too deeply"));
        }
        self.nodes.push(node);
        self.depths.push(depth);
        Ok(())
    }

    fn node(&self, operation: &str, type_: &str, numbers: &[Word]) -> Result<Node> {
        Ok(match (operation, numbers) {
            ("const", &[word]) => Node::Constant(word),
            ("register", &[register]) => Node::Register(self.register(register)?),
            ("load", &[buffer, stride, offset, index, inside]) => Node::Load {
                buffer: below(buffer, self.buffers)?,
                type_: scalar(type_)?,
                stride: below(stride, usize::MAX)?,
                offset: below(offset, usize::MAX)?,
                index: self.earlier(index)?,
                inside: (inside >= 0).then(|| self.earlier(inside)).transpose()?,
            },
            ("index", &[index, length]) => Node::Index {
                index: self.earlier(index)?,
                length: self.earlier(length)?,
            },
            ("if", &[condition, then, otherwise]) => Node::If {
                condition: self.earlier(condition)?,
                then: self.earlier(then)?,
                otherwise: self.earlier(otherwise)?,
            },
            ("let", &[register, value, body]) => Node::Let {
                register: self.register(register)?,
                value: self.earlier(value)?,
                body: self.earlier(body)?,
            },
            ("succeeds", &[node]) => Node::Succeeds(self.earlier(node)?),
            ("fail", []) => Node::Fail,
            ("cast", &[value]) => {
                let (from, to) = type_.split_once(" as ").ok_or_else(|| damaged(type_))?;
                Node::Cast {
                    from: scalar(from)?,
                    to: scalar(to)?,
                    value: self.earlier(value)?,
                }
            }
            ("chain", &[chain, start, count, step]) => Node::Chain {
                chain: below(chain, self.chains.len())?,
                start: self.earlier(start)?,
                count: self.earlier(count)?,
                step,
            },
            (name, &[a, ref rest @ ..]) if rest.len() < 3 => Node::Apply {
                function: Function::named(name, scalar(type_)?)
                    .ok_or_else(|| damaged(&format!("{name} of {type_}")))?,
                a: self.earlier(a)?,
                b: rest.first().map(|&b| self.earlier(b)).transpose()?,
                c: rest.get(1).map(|&c| self.earlier(c)).transpose()?,
            },
            _ => return Err(damaged(operation)),
        })
    }

    fn depth_below(&self, node: &Node) -> Result<u32> {
        let used = match *node {
            Node::Constant(_) | Node::Register(_) | Node::Fail => vec![],
            Node::Load { index, inside, .. } => {
                [Some(index), inside].into_iter().flatten().collect()
            }
            Node::Index {
                index: a,
                length: b,
            }
            | Node::Let {
                value: a, body: b, ..
            } => vec![a, b],
            Node::If {
                condition,
                then,
                otherwise,
            } => vec![condition, then, otherwise],
            Node::Succeeds(value) | Node::Cast { value, .. } => vec![value],
            Node::Chain {
                chain,
                start,
                count,
                ..
            } => {
                let mut used = vec![start, count];
                // The nodes of the chain must be there already: so no chain runs within itself.
                used.extend(nodes_of(&self.chain(&self.chains[chain])?));
                used
            }
            Node::Apply { a, b, c, .. } => [Some(a), b, c].into_iter().flatten().collect(),
        };
        let depths = used
            .iter()
            .filter_map(|&node| self.depths.get(node as usize));
        Ok(depths.max().copied().unwrap_or(0))
    }

    fn chain(&self, chain: &ChainText) -> Result<Chain> {
        let stage = |(operation, register, node): &StageText| {
            let node = self.earlier(Word::from(*node))?;
            Ok(match operation.as_str() {
                "let" => Stage::Let(self.register(Word::from(*register))?, node),
                "filter" => Stage::Filter(node),
                "while" => Stage::While(node),
                "last" => Stage::Last(node),
                _ => return Err(damaged(operation)),
            })
        };
        let node = |&node: &NodeId| self.earlier(Word::from(node));
        let assigned = |pairs: &[(Register, NodeId)]| {
            pairs
                .iter()
                .map(|(register, value)| Ok((self.register(Word::from(*register))?, node(value)?)))
                .collect::<Result<Vec<_>>>()
        };
        let end = match &chain.end {
            EndText::Emit(words) => End::Emit(words.iter().map(node).collect::<Result<_>>()?),
            EndText::Fold {
                seen,
                first,
                condition,
                next,
            } => End::Fold {
                seen: self.register(Word::from(*seen))?,
                first: assigned(first)?,
                condition: condition.as_ref().map(node).transpose()?,
                next: assigned(next)?,
            },
        };
        Ok(Chain {
            position: self.register(Word::from(chain.position))?,
            stages: chain.stages.iter().map(stage).collect::<Result<_>>()?,
            end,
        })
    }

    fn earlier(&self, number: Word) -> Result<NodeId> {
        below(number, self.nodes.len()).map(|node| node as NodeId)
    }

    fn register(&self, number: Word) -> Result<usize> {
        below(number, self.registers)
    }
}

fn nodes_of(chain: &Chain) -> Vec<NodeId> {
    let mut nodes: Vec<NodeId> = chain
        .stages
        .iter()
        .map(|stage| match *stage {
            Stage::Let(_, node) | Stage::Filter(node) | Stage::While(node) | Stage::Last(node) => {
                node
            }
        })
        .collect();
    match &chain.end {
        End::Emit(words) => nodes.extend(words),
        End::Fold {
            first,
            condition,
            next,
            ..
        } => {
            nodes.extend(first.iter().chain(next).map(|&(_, node)| node));
            nodes.extend(condition);
        }
    }
    nodes
}

fn scalar(name: &str) -> Result<Scalar> {
    Scalar::named(name).ok_or_else(|| damaged(&format!("no type {name}")))
}

fn below(number: Word, limit: usize) -> Result<usize> {
    usize::try_from(number)
        .ok()
        .filter(|&number| number < limit)
        .ok_or_else(|| damaged(&format!("no number {number} below {limit}")))
}
