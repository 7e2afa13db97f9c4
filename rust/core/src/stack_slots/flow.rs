//! The ways through a function, instruction by instruction.

use std::ops::Range;

use iced_x86::Instruction;

use super::FunctionCode;
use crate::disasm::{Decoded, Flow, direct_target, goes_on};

/// Largest function that is looked at, in instructions.
const MOST_INSTRUCTIONS: usize = 40_000;

/// The instructions of a function and what may run before each.
pub(super) struct Graph {
    instructions: Vec<Instruction>,
    before: Vec<Vec<u32>>,
    entry: usize,
}

/// The code that is only reached through one instruction, the first of a scope.
pub(super) struct Region {
    head: usize,
    inside: Vec<bool>,
}

impl Region {
    /// What is reached only through the first instruction of a scope, which is reached itself.
    pub(super) fn of(graph: &Graph, dominators: &Dominators, scope: &[Range<u64>]) -> Option<Self> {
        let mut members = (0..graph.len()).filter(|index| {
            let address = graph.address(*index);
            dominators.is_reached(*index) && scope.iter().any(|range| range.contains(&address))
        });
        let first = members.next()?;
        let head = members.try_fold(first, |head, member| dominators.common(head, member))?;
        let inside = (0..graph.len())
            .map(|index| dominators.is_over(head, index))
            .collect();
        Some(Self { head, inside })
    }

    /// Whether going back from `next` to `node` leads into the region a second time, or to
    /// its beginning from inside of it.
    pub(super) fn is_entered_anew(&self, node: usize, next: usize) -> bool {
        self.inside[node] && (next == self.head || !self.inside[next])
    }
}

impl Graph {
    /// The graph of a function; `None` where its code cannot be read to the end.
    pub(super) fn of(code: FunctionCode<'_>) -> Option<Self> {
        let mut decoded = decode(code)?;
        decoded.sort_unstable_by_key(|(instruction, _)| instruction.ip());
        let (instructions, flows): (Vec<_>, Vec<_>) = decoded.into_iter().unzip();
        let mut graph = Self {
            before: vec![Vec::new(); instructions.len()],
            instructions,
            entry: 0,
        };
        graph.entry = graph.index(code.entry)?;
        graph.connect(&flows, code.landing_pads);
        Some(graph)
    }

    fn connect(&mut self, flows: &[Flow], landing_pads: &[(Range<u64>, u64)]) {
        for (index, flow) in flows.iter().enumerate() {
            let instruction = self.instructions[index];
            if goes_on(&instruction, *flow) {
                self.add(index, instruction.next_ip());
            }
            if matches!(flow, Flow::Jump | Flow::Conditional)
                && let Some(target) = direct_target(&instruction)
            {
                self.add(index, target);
            }
            if matches!(flow, Flow::Call | Flow::IndirectCall) {
                for (range, pad) in landing_pads {
                    if range.contains(&instruction.ip()) {
                        self.add(index, *pad);
                    }
                }
            }
        }
        self.connect_computed(flows);
    }

    /// Jumps to computed addresses may lead to whatever nothing else leads to.  Where code is
    /// reached in both ways, that is a case that the one above falls through to.
    fn connect_computed(&mut self, flows: &[Flow]) {
        let jumps: Vec<u32> = (0_u32..)
            .zip(flows)
            .filter(|(_, flow)| **flow == Flow::IndirectJump)
            .map(|(index, _)| index)
            .collect();
        if jumps.is_empty() {
            return;
        }
        let leaders: Vec<usize> = (0..self.len())
            .filter(|index| *index != self.entry && self.may_be_a_case(*index))
            .collect();
        for leader in leaders {
            self.before[leader].extend(&jumps);
        }
    }

    /// Whether a block may begin here: not everything comes from the instruction above.
    fn may_be_a_case(&self, index: usize) -> bool {
        let above = index.checked_sub(1);
        let only_above = self.before[index]
            .iter()
            .all(|before| Some(*before as usize) == above);
        self.before[index].is_empty() || !only_above || above.is_some_and(|a| self.ends_block(a))
    }

    fn ends_block(&self, index: usize) -> bool {
        self.instructions[index].flow_control() != iced_x86::FlowControl::Next
    }

    fn add(&mut self, from: usize, address: u64) {
        if let Some(to) = self.index(address) {
            self.before[to].push(from as u32);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.instructions.len()
    }

    pub(super) fn entry(&self) -> usize {
        self.entry
    }

    pub(super) fn instructions(&self) -> &[Instruction] {
        &self.instructions
    }

    pub(super) fn address(&self, index: usize) -> u64 {
        self.instructions[index].ip()
    }

    /// The instruction that begins at an address.
    pub(super) fn index(&self, address: u64) -> Option<usize> {
        let found = self
            .instructions
            .binary_search_by_key(&address, Instruction::ip);
        found.ok()
    }

    /// The instructions that may run immediately before one.
    pub(super) fn before(&self, index: usize) -> impl Iterator<Item = usize> + '_ {
        self.before[index].iter().map(|index| *index as usize)
    }

    /// For each instruction those that may run immediately after it.
    pub(super) fn after(&self) -> Vec<Vec<u32>> {
        let mut after = vec![Vec::new(); self.len()];
        for (index, before) in (0_u32..).zip(&self.before) {
            for from in before {
                after[*from as usize].push(index);
            }
        }
        after
    }
}

/// The instruction that every path to another one leads over (Cooper, Harvey and Kennedy,
/// "A Simple, Fast Dominance Algorithm").
pub(super) struct Dominators {
    /// The nearest one of each; `None` for what is not reached.
    parent: Vec<Option<usize>>,
    /// Position in reverse postorder.
    order: Vec<usize>,
}

impl Dominators {
    pub(super) fn of(graph: &Graph) -> Self {
        let sequence = reverse_postorder(graph);
        let mut order = vec![usize::MAX; graph.len()];
        for (position, node) in sequence.iter().enumerate() {
            order[*node] = position;
        }
        let mut parent = vec![None; graph.len()];
        parent[graph.entry()] = Some(graph.entry());
        let mut dominators = Self { parent, order };
        let mut changed = true;
        while changed {
            changed = false;
            for node in &sequence[1..] {
                let known = graph
                    .before(*node)
                    .filter(|before| dominators.parent[*before].is_some());
                let new = known.reduce(|one, other| dominators.common(one, other).unwrap_or(one));
                changed |= new != dominators.parent[*node];
                dominators.parent[*node] = new;
            }
        }
        dominators
    }

    /// Whether any path leads to `node`.
    pub(super) fn is_reached(&self, node: usize) -> bool {
        self.parent[node].is_some()
    }

    /// Whether every path to `node` leads over `head`.
    pub(super) fn is_over(&self, head: usize, node: usize) -> bool {
        self.common(head, node) == Some(head)
    }

    /// The nearest instruction that is on every path to both.
    fn common(&self, mut one: usize, mut other: usize) -> Option<usize> {
        while one != other {
            if self.order[one] > self.order[other] {
                one = self.parent[one]?;
            } else {
                other = self.parent[other]?;
            }
        }
        Some(one)
    }
}

fn reverse_postorder(graph: &Graph) -> Vec<usize> {
    let after = graph.after();
    let mut seen = vec![false; graph.len()];
    let mut done = Vec::with_capacity(graph.len());
    let mut stack = vec![(graph.entry(), 0)];
    seen[graph.entry()] = true;
    while let Some((node, next)) = stack.last_mut() {
        let Some(successor) = after[*node].get(*next) else {
            done.push(*node);
            stack.pop();
            continue;
        };
        *next += 1;
        let successor = *successor as usize;
        if !std::mem::replace(&mut seen[successor], true) {
            stack.push((successor, 0));
        }
    }
    done.reverse();
    done
}

fn decode(code: FunctionCode<'_>) -> Option<Vec<(Instruction, Flow)>> {
    let mut decoded = Vec::new();
    for (address, bytes) in code.parts {
        for (instruction, flow) in Decoded::new(bytes, *address) {
            if flow == Flow::Invalid || decoded.len() == MOST_INSTRUCTIONS {
                return None;
            }
            decoded.push((instruction, flow));
        }
    }
    Some(decoded)
}
