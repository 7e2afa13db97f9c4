//! Signatures of functions, as far as they are types.

use gimli::AttributeValue;

use super::description::template_arguments;
use crate::die::DieId;
use crate::dwarf::debug_info::DebugInfo;
use crate::dwarf::origins::first_with;
use crate::error::Result;

impl DebugInfo {
    /// `(name, type)` of a function's generic parameters.
    pub(crate) fn function_template_arguments(
        &self,
        function: DieId,
    ) -> Result<Vec<(String, DieId)>> {
        // They are with the abstract instance where there is one.
        for entry in self.entry(function)?.with_origins(self) {
            let found = template_arguments(&entry.unit.children(entry.die.offset())?);
            if !found.is_empty() {
                return Ok(found);
            }
        }
        Ok(Vec::new())
    }

    /// Type of a function's result, `None` where the function does not return it any more:
    /// the optimiser marks functions whose signature it has changed (`DW_CC_nocall`).
    pub(crate) fn return_type(&self, function: DieId) -> Result<Option<DieId>> {
        if self.has_changed_signature(function)? {
            return Ok(None);
        }
        let chain = self.entry(function)?.with_origins(self);
        Ok(first_with(&chain, gimli::DW_AT_type)
            .and_then(|entry| entry.reference(gimli::DW_AT_type)))
    }

    /// Whether the optimiser has changed what the function takes or returns.
    pub(crate) fn has_changed_signature(&self, function: DieId) -> Result<bool> {
        let chain = self.entry(function)?.with_origins(self);
        let convention = first_with(&chain, gimli::DW_AT_calling_convention)
            .and_then(|entry| entry.attribute(gimli::DW_AT_calling_convention));
        let nocall = AttributeValue::CallingConvention(gimli::DW_CC_nocall);
        Ok(convention == Some(nocall))
    }
}
