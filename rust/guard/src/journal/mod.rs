//! The journal of an attached program: what a guard that is killed would leave in it.
//!
//! It is a file that is written before the program is, so that whoever finds it later can
//! take out what is left, also where no executable file tells what was there before: in
//! anonymous code, in registers.  Only attached programs have one; launched ones end with the
//! guard.
//!
//! [`record`] says what is noted, [`table`] how records lie in the file, [`folder`] where the
//! file is, [`identity`] whom it is about; [`reader`] is the other side.  Nothing here touches a program.

pub mod folder;
pub mod identity;
pub mod reader;
pub mod record;
mod table;

use std::cell::RefCell;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;
use std::rc::Rc;

use log::warn;

use crate::os::ptrace::Tid;
use identity::Identity;
use record::Record;
use table::Table;

/// The first bytes of every journal, the version of its form included.
const MAGIC: [u8; 16] = *b"crabtrap-live 1\n";
/// Where the header says that more was left in the program than the tables hold.
const INCOMPLETE_AT: u64 = 16;
/// Where the outcome of a repair is written; empty until then.
const OUTCOME_AT: u64 = 64;
const OUTCOME_SIZE: usize = 1024;
const TABLES_AT: u64 = 4096;

/// A journal that is being kept, or none; copies are the same one.
#[derive(Clone, Default)]
pub struct Journal(Option<Rc<RefCell<Open>>>);

struct Open {
    file: File,
    /// The file's path; none where no folder would have it.
    path: Option<PathBuf>,
    tables: [Table; record::KINDS],
}

impl Journal {
    /// Begins the journal of a process.  Where there is no folder for it, it is kept in memory,
    /// for those who share this descriptor.
    ///
    /// # Errors
    /// There is neither room for the file nor memory.
    pub fn create(pid: Tid) -> io::Result<Self> {
        let (file, path) = match Identity::of(pid).and_then(|identity| folder::create(&identity)) {
            Ok((file, path)) => (file, Some(path)),
            Err(error) => {
                warn!("the journal of {pid} is kept in memory alone: {error}");
                (folder::in_memory()?, None)
            }
        };
        file.write_all_at(&MAGIC, 0)?;
        // Once: from here on the kernel has what is written, and outlives the guard.
        file.sync_data()?;
        Ok(Self(Some(Rc::new(RefCell::new(Open {
            file,
            path,
            tables: table::all(),
        })))))
    }

    /// Whether there is one.
    pub fn is_kept(&self) -> bool {
        self.0.is_some()
    }

    /// Duplicates the descriptor, for one who is to read it when the guard is dead.
    ///
    /// # Errors
    /// There is no journal, or no descriptor left.
    pub fn duplicate(&self) -> io::Result<File> {
        let open = self.0.as_ref().ok_or(io::ErrorKind::NotFound)?;
        open.borrow().file.try_clone()
    }

    /// Notes what is about to be written into the program.
    pub fn note(&self, record: &impl Record) {
        if let Some(open) = &self.0 {
            open.borrow_mut().note(record);
        }
    }

    /// Forgets what is not in the program any more.
    pub fn forget<R: Record>(&self, key: u64) {
        if let Some(open) = &self.0 {
            open.borrow_mut().change(|tables, file| {
                let table = &mut tables[R::KIND];
                table.remove(file, key)
            });
        }
    }

    /// Forgets everything: the program has been replaced.
    pub fn clear(&self) {
        if let Some(open) = &self.0 {
            open.borrow_mut().change(|tables, file| {
                let mut each = tables.iter_mut();
                each.try_for_each(|table| table.clear(file))
            });
        }
    }

    /// Ends the journal of a program in which nothing is left; copies are void.
    pub fn close(&mut self) {
        let Some(open) = self.0.take() else { return };
        if let Some(path) = &open.borrow().path
            && let Err(error) = std::fs::remove_file(path)
        {
            warn!("removing {}: {error}", path.display());
        }
    }
}

impl Open {
    fn note(&mut self, record: &impl Record) {
        self.change(|tables, file| note_in(&mut tables[kind_of(record)], file, record));
    }

    /// Carries out a change; one that fails is told to whoever repairs.
    fn change(&mut self, change: impl FnOnce(&mut [Table], &File) -> io::Result<()>) {
        if let Err(error) = change(&mut self.tables, &self.file) {
            warn!("the journal is not complete: {error}");
            if let Err(error) = self.file.write_all_at(&[1], INCOMPLETE_AT) {
                warn!("and does not say so: {error}");
            }
        }
    }
}

fn kind_of<R: Record>(_: &R) -> usize {
    R::KIND
}

fn note_in<R: Record>(table: &mut Table, file: &File, record: &R) -> io::Result<()> {
    table.put(file, record.key(), &record.encode())
}
