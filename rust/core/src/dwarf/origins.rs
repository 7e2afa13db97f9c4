//! Chains of entries that share their attributes: an instance or a definition, and what it
//! refers to.

use gimli::DwAt;

use super::debug_info::DebugInfo;
use super::entry::Entry;

/// Most links that are followed: two or three are needed.
const MOST_LINKS: usize = 16;

impl<'a> Entry<'a> {
    /// This entry, then those it is an instance (DWARF 5, section 3.3.8) or a completion
    /// (section 2.13) of.
    pub(crate) fn with_origins(self, info: &'a DebugInfo) -> Vec<Entry<'a>> {
        let mut chain = vec![self];
        while chain.len() < MOST_LINKS {
            let last = &chain[chain.len() - 1];
            let link = last
                .reference(gimli::DW_AT_abstract_origin)
                .or_else(|| last.reference(gimli::DW_AT_specification));
            let Some(next) = link.and_then(|die| info.entry(die).ok()) else {
                break;
            };
            chain.push(next);
        }
        chain
    }
}

/// The first entry of a chain made by [`Entry::with_origins`] that has an attribute.
pub(crate) fn first_with<'c, 'a>(chain: &'c [Entry<'a>], name: DwAt) -> Option<&'c Entry<'a>> {
    chain.iter().find(|entry| entry.has(name))
}

/// The mangled name anywhere in a chain of origins.
pub(crate) fn linkage_name(chain: &[Entry<'_>]) -> Option<String> {
    [gimli::DW_AT_linkage_name, gimli::DW_AT_MIPS_linkage_name]
        .into_iter()
        .find_map(|name| first_with(chain, name)?.text(name))
        .map(std::borrow::Cow::into_owned)
}
