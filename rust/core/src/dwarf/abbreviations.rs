//! Tables of abbreviations, read once it is clear what that costs.
//!
//! A table takes some thirty times its bytes in memory, and many units may name the same one,
//! or one that is the tail of another.

use std::sync::Arc;

use gimli::{Reader as _, Section as _};

use super::Slice;
use crate::elf::Allowance;
use crate::error::{Error, Result};

/// Most attributes that are believed of an entry; each may take no byte in the file.
const MOST_ATTRIBUTES: usize = 1000;
/// Bytes of a declaration and of one attribute of it.
const DECLARATION: usize = size_of::<gimli::Abbreviation>();
const ATTRIBUTE: usize = size_of::<gimli::AttributeSpecification>();

/// Reads the abbreviations of a unit.
pub(super) fn read_abbreviations(
    dwarf: &gimli::Dwarf<Slice>,
    header: &gimli::UnitHeader<Slice>,
    allowance: &Allowance,
) -> Result<Arc<gimli::Abbreviations>> {
    let mut table = *dwarf.debug_abbrev.reader();
    table.skip(header.debug_abbrev_offset().0)?;
    take_cost(&mut table, allowance)?;
    Ok(Arc::new(header.abbreviations(&dwarf.debug_abbrev)?))
}

/// Takes what the table at the start of `table` will cost (DWARF 5, section 7.5.3).
fn take_cost(table: &mut Slice, allowance: &Allowance) -> Result<()> {
    while table.read_uleb128()? != 0 {
        allowance.take(DECLARATION)?;
        table.read_uleb128()?;
        table.read_u8()?;
        let mut attributes = 0;
        loop {
            let name = table.read_uleb128()?;
            let form = table.read_uleb128()?;
            if (name, form) == (0, 0) {
                break;
            }
            if form == u64::from(gimli::DW_FORM_implicit_const.0) {
                table.read_sleb128()?;
            }
            attributes += 1;
            if attributes > MOST_ATTRIBUTES {
                return Err(Error::Damaged(format!(
                    "an entry with more than {MOST_ATTRIBUTES} attributes"
                )));
            }
        }
        allowance.take(attributes * ATTRIBUTE)?;
    }
    Ok(())
}
