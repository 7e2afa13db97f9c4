//! What one walk leaves for the next.

use gimli::UnwindContext;

use super::rule::RuleCache;

/// What can be kept from one walk to the next over the same modules.
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
