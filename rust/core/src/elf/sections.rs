//! Section contents, decompressed where the file has them compressed.

use std::io::Read as _;
use std::panic::resume_unwind;
use std::thread::{self, ScopedJoinHandle};

use object::elf;
use object::endian::LittleEndian;
use object::pod;

use super::allowance::Allowance;
use super::file::{Elf, Section};
use super::storage::Storage;
use super::zstd_frames::ZstdFrames;

/// Highest ratio that is believed of a compression: zlib reaches about 1032, and zstd more
/// only on constant bytes.
const HIGHEST_RATIO: u64 = 1100;
/// Ratio up to which memory is reserved at once: debug information rarely has a higher one.
const ORDINARY_RATIO: u64 = 16;

/// Below this many stored bytes a thread of its own costs more than it saves.
const WORTH_A_THREAD: usize = 32 << 10;

/// The bytes of several sections, in order, decompressed side by side.
///
/// # Safety
/// The results must not be used after `storage` is dropped.
pub(crate) unsafe fn sections_bytes(
    elf: &Elf,
    sections: &[&Section],
    storage: &Storage,
) -> Vec<Result<&'static [u8], String>> {
    // SAFETY: forwarded to the caller.
    let read = |section: &Section| unsafe { section_bytes(elf, section, storage) };
    let is_long = |section: &Section| {
        is_compressed(section)
            && (elf.stored_bytes(section)).is_some_and(|stored| stored.len() > WORTH_A_THREAD)
    };
    thread::scope(|scope| {
        let begun: Vec<_> = sections
            .iter()
            .map(|&section| {
                let start = || thread::Builder::new().spawn_scoped(scope, move || read(section));
                is_long(section).then(start).and_then(Result::ok)
            })
            .collect();
        let results = begun.into_iter().zip(sections);
        results
            .map(
                |(thread, section)| match thread.map(ScopedJoinHandle::join) {
                    Some(Ok(result)) => result,
                    Some(Err(panic)) => resume_unwind(panic),
                    None => read(section),
                },
            )
            .collect()
    })
}

/// The bytes of `section`, decompressed into `storage` if need be; an error is one phrase.
///
/// # Safety
/// The result must not be used after `storage` is dropped.
pub(crate) unsafe fn section_bytes(
    elf: &Elf,
    section: &Section,
    storage: &Storage,
) -> Result<&'static [u8], String> {
    let stored = elf
        .stored_bytes(section)
        .ok_or_else(|| String::from("lies outside the file"))?;
    let allowance = storage.allowance();
    let plain = if section.compressed {
        decompress_standard(stored, allowance)?
    } else if is_compressed(section) {
        decompress_gnu(stored, allowance)?
    } else {
        return Ok(stored);
    };
    // SAFETY: forwarded to the caller.
    Ok(unsafe { storage.keep(plain) })
}

fn is_compressed(section: &Section) -> bool {
    section.compressed || section.name.starts_with(".zdebug")
}

/// Decompresses a section with `SHF_COMPRESSED`: a compression header lies in front of the data
/// (gABI, chapter 4, "Section Compression").
fn decompress_standard(stored: &[u8], allowance: &Allowance) -> Result<Vec<u8>, String> {
    let (header, body) = pod::from_bytes::<elf::CompressionHeader64<LittleEndian>>(stored)
        .map_err(|()| String::from("has no room for its compression header"))?;
    let size = header.ch_size.get(LittleEndian);
    match elf::CompressionType(header.ch_type.get(LittleEndian).0) {
        elf::ELFCOMPRESS_ZLIB => inflate(body, size, allowance),
        elf::ELFCOMPRESS_ZSTD => read_all(ZstdFrames::new(body), body.len(), size, allowance),
        other => Err(format!("is compressed in an unknown way ({})", other.0)),
    }
}

/// Decompresses a `.zdebug_*` section: "ZLIB" and a big-endian size lie in front of the data.
fn decompress_gnu(stored: &[u8], allowance: &Allowance) -> Result<Vec<u8>, String> {
    let header = stored
        .split_at_checked(12)
        .filter(|(head, _)| head.starts_with(b"ZLIB"));
    let Some((head, body)) = header else {
        return Err(String::from("lacks its ZLIB header"));
    };
    let size = head[4..]
        .iter()
        .fold(0_u64, |size, byte| (size << 8) | u64::from(*byte));
    inflate(body, size, allowance)
}

fn inflate(body: &[u8], size: u64, allowance: &Allowance) -> Result<Vec<u8>, String> {
    read_all(
        flate2::read::ZlibDecoder::new(body),
        body.len(),
        size,
        allowance,
    )
}

/// Reads exactly the claimed size; a claim that is out of the ordinary allocates nothing.
fn read_all(
    mut reader: impl std::io::Read,
    stored: usize,
    size: u64,
    allowance: &Allowance,
) -> Result<Vec<u8>, String> {
    if size > (stored as u64).saturating_mul(HIGHEST_RATIO) {
        return Err(format!("claims an impossible size of {size} bytes"));
    }
    let taken = usize::try_from(size).map(|size| allowance.take(size));
    if !matches!(taken, Ok(Ok(()))) {
        return Err(format!(
            "would take {size} bytes, more memory than a file of this size is allowed"
        ));
    }
    let ordinary = (stored as u64).saturating_mul(ORDINARY_RATIO);
    let mut out = Vec::with_capacity(size.min(ordinary) as usize);
    let failed = |error| format!("cannot be decompressed: {error}");
    (&mut reader)
        .take(size)
        .read_to_end(&mut out)
        .map_err(failed)?;
    if (out.len() as u64) < size {
        return Err(String::from("is shorter than it claims"));
    }
    if reader.read(&mut [0]).map_err(failed)? > 0 {
        return Err(String::from("is longer than it claims"));
    }
    Ok(out)
}
