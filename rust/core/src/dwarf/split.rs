//! Split DWARF: `.dwp` packages and `.dwo` files.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use gimli::SectionId;

use super::Slice;
use super::sections::{load_dwarf, load_package};
use super::unit::read_unit;
use crate::elf::{Allowance, Elf, Problems, Source, Storage};

type SplitUnit = (Arc<gimli::Dwarf<Slice>>, gimli::Unit<Slice>);

/// The split files of an image, searched for the split parts of its units (DWARF 5, appendix F).
#[derive(Debug)]
pub(crate) struct SplitFiles {
    /// Files that a package or the split files may lie beside.
    beside: [PathBuf; 2],
    package: OnceLock<Option<Package>>,
    storage: Arc<Storage>,
    problems: Arc<Problems>,
}

/// An opened `.dwp` file.
struct Package(gimli::DwarfPackage<Slice>);

impl std::fmt::Debug for Package {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Package")
    }
}

impl SplitFiles {
    /// Split files that may lie beside either of two files; nothing is opened yet.
    pub(super) fn new(
        beside: [PathBuf; 2],
        storage: Arc<Storage>,
        problems: Arc<Problems>,
    ) -> Self {
        Self {
            beside,
            package: OnceLock::new(),
            storage,
            problems,
        }
    }

    /// The list that damage is noted in.
    pub(super) fn problems(&self) -> Arc<Problems> {
        Arc::clone(&self.problems)
    }

    /// The owner of the files' bytes.
    pub(super) fn storage(&self) -> Arc<Storage> {
        Arc::clone(&self.storage)
    }

    /// What units may take.
    pub(super) fn allowance(&self) -> &Allowance {
        self.storage.allowance()
    }

    /// The split part of the unit whose skeleton is `skeleton`.
    pub(super) fn find(
        &self,
        parent: &gimli::Dwarf<Slice>,
        skeleton: &gimli::Unit<Slice>,
    ) -> Option<SplitUnit> {
        let id = skeleton.dwo_id?;
        let name = skeleton.dwo_name().ok()??;
        let name = parent.attr_string(skeleton, name).ok()?;
        let name = String::from_utf8_lossy(name.slice()).into_owned();
        let found = self.find_in_package(id, parent).or_else(|| {
            let directory = skeleton
                .comp_dir
                .map(|directory| String::from_utf8_lossy(directory.slice()).into_owned());
            self.open_dwo(&name, directory.as_deref(), parent)
        });
        let unit = found.and_then(|dwarf| matching_unit(dwarf, id, skeleton, self.allowance()));
        if unit.is_none() {
            self.problems
                .add(format!("split debug information {name} was not found"));
        }
        unit
    }

    fn find_in_package(
        &self,
        id: gimli::DwoId,
        parent: &gimli::Dwarf<Slice>,
    ) -> Option<gimli::Dwarf<Slice>> {
        let package = self.package.get_or_init(|| self.open_package()).as_ref()?;
        match package.0.find_cu(id, parent) {
            Ok(found) => found,
            Err(error) => {
                self.problems.add(format!("split debug package: {error}"));
                None
            }
        }
    }

    fn open_package(&self) -> Option<Package> {
        let candidates = self.beside.iter().flat_map(|path| {
            let mut appended = path.clone().into_os_string();
            appended.push(".dwp");
            [PathBuf::from(appended), path.with_extension("dwp")]
        });
        let path = candidates.into_iter().find(|path| path.is_file())?;
        let elf = self.open_elf(&path)?;
        let name = path.display().to_string();
        match load_package(self.source(&elf, &name)) {
            Ok(package) => Some(Package(package)),
            Err(error) => {
                self.problems.add(format!("{name}: {error}"));
                None
            }
        }
    }

    fn open_dwo(
        &self,
        name: &str,
        directory: Option<&str>,
        parent: &gimli::Dwarf<Slice>,
    ) -> Option<gimli::Dwarf<Slice>> {
        let as_built = Path::new(directory.unwrap_or("")).join(name);
        let file_name = Path::new(name).file_name()?.to_owned();
        let moved = self
            .beside
            .iter()
            .map(|path| path.with_file_name(&file_name));
        let path = std::iter::once(as_built)
            .chain(moved)
            .find(|path| path.is_file())?;
        let elf = self.open_elf(&path)?;
        let name = path.display().to_string();
        let dwo_name = |id: SectionId| id.dwo_name().unwrap_or("");
        let mut dwarf = load_dwarf(self.source(&elf, &name), dwo_name);
        dwarf.make_dwo(parent);
        Some(dwarf)
    }

    fn source<'a>(&'a self, elf: &'a Elf, name: &'a str) -> Source<'a> {
        Source {
            elf,
            name,
            storage: &self.storage,
            problems: &self.problems,
        }
    }

    fn open_elf(&self, path: &Path) -> Option<Elf> {
        // SAFETY: debug information and the image that owns it share the storage.
        let data = unsafe { self.storage.map(path) };
        let name = path.display().to_string();
        let elf = data.and_then(|data| Elf::parse(data, &name, &self.problems));
        elf.map_err(|error| self.problems.add(error.to_string()))
            .ok()
    }
}

/// The unit of a split file that belongs to `skeleton`, by its identifier.
fn matching_unit(
    dwarf: gimli::Dwarf<Slice>,
    id: gimli::DwoId,
    skeleton: &gimli::Unit<Slice>,
    allowance: &Allowance,
) -> Option<SplitUnit> {
    let mut headers = dwarf.units();
    while let Ok(Some(header)) = headers.next() {
        let Ok(mut unit) = read_unit(&dwarf, header, allowance) else {
            continue;
        };
        if unit.dwo_id == Some(id) {
            unit.copy_relocated_attributes(skeleton);
            return Some((Arc::new(dwarf), unit));
        }
    }
    None
}
