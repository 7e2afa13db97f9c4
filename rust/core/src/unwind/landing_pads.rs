//! Landing pads: where a function goes on when a call in it unwinds.
//!
//! They are listed in the function's language-specific data area, the table of
//! `.gcc_except_table` that the personality routine reads (Itanium C++ ABI: Exception
//! Handling, "Language-Specific Data Area"; rustc's functions have the same).

use gimli::{DwEhPe, EndianSlice, LittleEndian, Reader};

type Bytes<'a> = EndianSlice<'a, LittleEndian>;

/// Limit on the actions of one call; compilers write a handful.
const MOST_ACTIONS: usize = 64;

/// What happens when one of some calls unwinds.  Addresses are the file's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LandingPad {
    /// First address of the code with the calls.
    pub start: u64,
    /// One past the last address.
    pub end: u64,
    /// Where the function goes on.
    pub address: u64,
    /// The unwinding may end there, as in `std::panic::catch_unwind`; otherwise the code
    /// there only cleans up, or aborts.
    pub catches: bool,
}

/// Reads the landing pads of the function at `function`, whose data area begins with `bytes`.
///
/// A damaged table ends where the damage is.
pub(crate) fn read_landing_pads(bytes: &[u8], address: u64, function: u64) -> Vec<LandingPad> {
    let mut pads = Vec::new();
    // What was read before the damage is as good as ever.
    let _ = Table::read(bytes, address, function).and_then(|table| table.list(&mut pads));
    pads
}

struct Table<'a> {
    /// Addresses of calls count from here.
    function: u64,
    /// Addresses of landing pads count from here.
    base: u64,
    encoding: DwEhPe,
    sites: Bytes<'a>,
    actions: Bytes<'a>,
}

impl<'a> Table<'a> {
    fn read(bytes: &'a [u8], address: u64, function: u64) -> gimli::Result<Self> {
        let mut reader = EndianSlice::new(bytes, LittleEndian);
        let base = match DwEhPe(reader.read_u8()?) {
            gimli::DW_EH_PE_omit => function,
            encoding => {
                let at = address + (bytes.len() - reader.len()) as u64;
                let value = read_number(&mut reader, encoding)?;
                match encoding.application() {
                    gimli::DW_EH_PE_pcrel => at.wrapping_add(value),
                    _ => value,
                }
            }
        };
        if DwEhPe(reader.read_u8()?) != gimli::DW_EH_PE_omit {
            reader.read_uleb128()?; // the distance to the types, which are not needed
        }
        let encoding = DwEhPe(reader.read_u8()?);
        let size = usize::try_from(reader.read_uleb128()?).unwrap_or(usize::MAX);
        let sites = reader.split(size)?;
        Ok(Self {
            function,
            base,
            encoding,
            sites,
            actions: reader,
        })
    }

    fn list(self, pads: &mut Vec<LandingPad>) -> gimli::Result<()> {
        let mut sites = self.sites;
        while !sites.is_empty() {
            let start = read_number(&mut sites, self.encoding)?;
            let size = read_number(&mut sites, self.encoding)?;
            let pad = read_number(&mut sites, self.encoding)?;
            let action = sites.read_uleb128()?;
            if pad != 0 {
                let start = self.function.wrapping_add(start);
                pads.push(LandingPad {
                    start,
                    end: start.wrapping_add(size),
                    address: self.base.wrapping_add(pad),
                    catches: self.catches(action).unwrap_or(false),
                });
            }
        }
        Ok(())
    }

    /// Whether one of the actions from `action` on catches: those that clean up have the
    /// number 0, those that say what may pass (and abort otherwise) a negative one.
    fn catches(&self, action: u64) -> gimli::Result<bool> {
        let mut next = usize::try_from(action).ok().and_then(|n| n.checked_sub(1));
        for _ in 0..MOST_ACTIONS {
            let Some(at) = next else { break };
            let mut record = self.actions;
            record.skip(at)?;
            if record.read_sleb128()? > 0 {
                return Ok(true);
            }
            let behind = self.actions.len() - record.len();
            next = match record.read_sleb128()? {
                0 => None,
                distance => isize::try_from(distance)
                    .ok()
                    .and_then(|distance| behind.checked_add_signed(distance)),
            };
        }
        Ok(false)
    }
}

fn read_number(reader: &mut Bytes<'_>, encoding: DwEhPe) -> gimli::Result<u64> {
    match encoding.format() {
        gimli::DW_EH_PE_uleb128 => reader.read_uleb128(),
        gimli::DW_EH_PE_udata2 => reader.read_u16().map(u64::from),
        gimli::DW_EH_PE_udata4 => reader.read_u32().map(u64::from),
        gimli::DW_EH_PE_sdata4 => reader
            .read_i32()
            .map(|number| i64::from(number).cast_unsigned()),
        gimli::DW_EH_PE_udata8 | gimli::DW_EH_PE_sdata8 | gimli::DW_EH_PE_absptr => {
            reader.read_u64()
        }
        _ => Err(gimli::Error::UnknownPointerEncoding(encoding)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FUNCTION: u64 = 0x1000;

    #[test]
    fn actions_tell_catching_from_cleaning_up() {
        // Calls [0,4) clean up at 0x20, [4,8) catch at 0x30, [8,12) may not unwind,
        // [12,16) abort at 0x40: first a filter, then nothing.
        let table = [
            0xff, 0x9b, 0x20, 0x01, 0x10, 0, 4, 0x20, 0, 4, 4, 0x30, 1, 8, 4, 0, 0, 12, 4, 0x40, 3,
            1, 0, 0x7f, 0,
        ];
        let found: Vec<_> = read_landing_pads(&table, 0, FUNCTION)
            .into_iter()
            .map(|pad| (pad.start, pad.end, pad.address, pad.catches))
            .collect();
        assert_eq!(
            found,
            [
                (0x1000, 0x1004, 0x1020, false),
                (0x1004, 0x1008, 0x1030, true),
                (0x100c, 0x1010, 0x1040, false)
            ]
        );
    }

    #[test]
    fn pads_count_from_where_the_table_says() {
        // A 4-byte pointer relative to itself, at 0x5001, is 0x10; entries of 4 bytes each.
        let mut table = vec![0x1b, 0x10, 0, 0, 0, 0xff, 0x03, 13];
        for number in [1_u32, 2, 3] {
            table.extend(number.to_le_bytes());
        }
        table.push(0);
        let found = read_landing_pads(&table, 0x5000, FUNCTION);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].start, found[0].address), (0x1001, 0x5014));
    }

    #[test]
    fn damage_ends_the_table() {
        assert_eq!(read_landing_pads(&[], 0, FUNCTION), []);
        let cut = [0xff, 0xff, 0x01, 0x08, 0, 4, 0x20, 0, 4, 4, 0x30];
        assert_eq!(read_landing_pads(&cut, 0, FUNCTION), []);
        let cut = [0xff, 0xff, 0x01, 0x07, 0, 4, 0x20, 0, 4, 4, 0x30];
        assert_eq!(read_landing_pads(&cut, 0, FUNCTION).len(), 1);
        // Actions that lead to each other.
        let circle = [0xff, 0xff, 0x01, 0x04, 0, 4, 0x20, 1, 0, 0x7f];
        assert!(!read_landing_pads(&circle, 0, FUNCTION)[0].catches);
    }
}
