//! One kind of records in a journal file: places of one size, each free or in use.
//!
//! Every change is one write, so that a guard killed at any moment leaves a record whole or
//! absent.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

use super::TABLES_AT;
use super::record::{HeldSignal, KINDS, Record, SavedThread, Slot, Trap};

/// The byte before a record that is in use.
const IN_USE: u8 = 1;

/// Where the records of one kind lie.
#[derive(Clone, Copy)]
pub struct Layout {
    at: u64,
    /// Bytes of a place, the first of which says whether it is in use.
    place: usize,
    most: usize,
}

/// The layouts of all kinds, and the size of the whole file.
const LAYOUTS: ([Layout; KINDS], u64) = {
    let sizes = [
        (Trap::SIZE, Trap::MOST),
        (Slot::SIZE, Slot::MOST),
        (SavedThread::SIZE, SavedThread::MOST),
        (HeldSignal::SIZE, HeldSignal::MOST),
    ];
    let mut layouts = [Layout {
        at: 0,
        place: 0,
        most: 0,
    }; KINDS];
    let (mut index, mut at) = (0, TABLES_AT);
    while index < KINDS {
        let (size, most) = sizes[index];
        let place = (size + 1).next_multiple_of(16);
        layouts[index] = Layout { at, place, most };
        at += (place * most) as u64;
        index += 1;
    }
    (layouts, at)
};

/// Returns the bytes of a journal file.
pub const fn file_size() -> u64 {
    LAYOUTS.1
}

/// The records of one kind that are in a file.
pub struct Table {
    layout: Layout,
    /// Index and bytes of each record, by its key.
    used: HashMap<u64, (usize, Vec<u8>)>,
    free: Vec<usize>,
}

/// Returns the empty tables of a new file.
pub fn all() -> [Table; KINDS] {
    LAYOUTS.0.map(|layout| Table {
        layout,
        used: HashMap::new(),
        free: (0..layout.most).rev().collect(),
    })
}

impl Table {
    /// Writes a record, in place of the one with the same key.
    ///
    /// # Errors
    /// The table is full, or the file cannot be written.
    pub fn put(&mut self, file: &File, key: u64, record: &[u8]) -> io::Result<()> {
        let index = match self.used.get(&key) {
            Some((_, old)) if old == record => return Ok(()),
            Some((index, _)) => *index,
            None => self.free.pop().ok_or(io::ErrorKind::StorageFull)?,
        };
        if record.len() >= self.layout.place {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.used.insert(key, (index, record.to_vec()));
        let mut bytes = vec![IN_USE];
        bytes.extend(record);
        file.write_all_at(&bytes, self.offset(index))
    }

    /// Frees the place of a record; one that is not there is fine.
    pub fn remove(&mut self, file: &File, key: u64) -> io::Result<()> {
        let Some((index, _)) = self.used.remove(&key) else {
            return Ok(());
        };
        self.free.push(index);
        file.write_all_at(&[0], self.offset(index))
    }

    /// Frees every place.
    pub fn clear(&mut self, file: &File) -> io::Result<()> {
        let keys: Vec<u64> = self.used.keys().copied().collect();
        keys.into_iter().try_for_each(|key| self.remove(file, key))
    }

    fn offset(&self, index: usize) -> u64 {
        self.layout.at + (index * self.layout.place) as u64
    }
}

/// Whether there is no record of one kind, by the first byte of each place.
pub fn is_empty<R: Record>(file: &File) -> io::Result<bool> {
    let layout = LAYOUTS.0[R::KIND];
    for index in 0..layout.most {
        let mut first = [0];
        file.read_exact_at(&mut first, layout.at + (index * layout.place) as u64)?;
        if first == [IN_USE] {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Reads the records of one kind; what is damaged is left out.
pub fn read<R: Record>(file: &File) -> io::Result<Vec<R>> {
    let layout = LAYOUTS.0[R::KIND];
    let mut bytes = vec![0; layout.place * layout.most];
    file.read_exact_at(&mut bytes, layout.at)?;
    let places = bytes.chunks_exact(layout.place);
    Ok(places
        .filter(|place| place[0] == IN_USE)
        .filter_map(|place| R::decode(&place[1..]))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::super::folder;
    use super::*;

    fn trap(address: u64, original: u8) -> Trap {
        Trap { address, original }
    }

    fn put(table: &mut Table, file: &File, trap: &Trap) -> io::Result<()> {
        table.put(file, trap.key(), &trap.encode())
    }

    #[test]
    fn what_is_put_is_read_until_it_is_removed() {
        let file = folder::in_memory().unwrap();
        let [mut table, ..] = all();
        for address in 1..=3 {
            put(&mut table, &file, &trap(address, 1)).unwrap();
        }
        put(&mut table, &file, &trap(2, 9)).unwrap();
        table.remove(&file, 1).unwrap();
        table.remove(&file, 1).unwrap();
        assert_eq!(read::<Trap>(&file).unwrap(), [trap(2, 9), trap(3, 1)]);
        put(&mut table, &file, &trap(4, 4)).unwrap();
        assert_eq!(read::<Trap>(&file).unwrap().len(), 3);
        table.clear(&file).unwrap();
        assert_eq!(read::<Trap>(&file).unwrap(), []);
    }

    #[test]
    fn a_full_table_says_so() {
        let file = folder::in_memory().unwrap();
        let [mut table, ..] = all();
        for address in 1..=Trap::MOST as u64 {
            put(&mut table, &file, &trap(address, 0)).unwrap();
        }
        assert!(put(&mut table, &file, &trap(u64::MAX, 0)).is_err());
        assert_eq!(read::<Trap>(&file).unwrap().len(), Trap::MOST);
    }
}
