//! What closures and coroutines have captured.

use super::debug_info::DebugInfo;
use super::entry::Entry;
use crate::die::DieId;
use crate::error::Result;

impl DebugInfo {
    /// The type that holds what the closure or coroutine `function` has captured.
    ///
    /// rustc describes both in the same scope: `{closure#0}<T>` and `{closure_env#0}<T>`.
    pub(crate) fn captures_type(&self, function: DieId) -> Result<Option<DieId>> {
        let chain = self.entry(function)?.with_origins(self);
        Ok(chain.iter().find_map(captures_beside))
    }
}

fn captures_beside(function: &Entry<'_>) -> Option<DieId> {
    let unit = function.unit;
    let name = function.name()?;
    let (kind, number) = name.split_once('#').filter(|_| name.starts_with('{'))?;
    let wanted = format!("{kind}_env#{number}");
    let outline = unit.outline();
    let around = outline.scope_around(function.die.offset());
    let scope = outline.ancestors(around).next()?;
    unit.children(scope.start())
        .ok()?
        .iter()
        .find(|child| {
            child.tag() == gimli::DW_TAG_structure_type && child.name().as_deref() == Some(&wanted)
        })
        .map(Entry::id)
}
