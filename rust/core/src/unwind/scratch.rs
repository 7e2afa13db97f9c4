//! Memory that one walk leaves for the next to use.

use gimli::UnwindContext;

use super::rule::RuleCache;

/// Rules and buffers that are kept from one walk to the next over the same modules.
pub(super) struct Scratch {
    pub(super) cache: RuleCache,
    pub(super) context: UnwindContext<usize>,
    pub(super) buffer: Vec<u8>,
}

impl Scratch {
    pub(super) fn new() -> Self {
        Self {
            cache: RuleCache::new(),
            context: UnwindContext::new(),
            buffer: Vec::new(),
        }
    }
}
