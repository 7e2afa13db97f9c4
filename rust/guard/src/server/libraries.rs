//! The list of shared libraries, which the dynamic loader keeps in the program's memory
//! (`struct r_debug` of link.h).
//!
//! The program's memory may hold anything: every walk is bounded and every read may fail.

use std::fmt::Write as _;

use super::documents::escape_xml;

const AT_PHDR: u64 = 3;
const AT_PHENT: u64 = 4;
const AT_PHNUM: u64 = 5;
const PT_DYNAMIC: u32 = 2;
const PT_PHDR: u32 = 6;
const DT_NULL: u64 = 0;
const DT_DEBUG: u64 = 21;

const MAX_HEADERS: u64 = 128;
const MAX_DYNAMIC: u64 = 512;
const MAX_LIBRARIES: usize = 10_000;
const MAX_PATH: usize = 4096;

/// Reads memory of the program; `false` when any byte is missing.
pub type Read<'a> = dyn FnMut(u64, &mut [u8]) -> bool + 'a;

/// One entry of the link map.
#[derive(Debug, PartialEq, Eq)]
struct Library {
    link_map: u64,
    bias: u64,
    dynamic: u64,
    name: String,
}

/// Renders the document for `qXfer:libraries-svr4:read`.
///
/// # Returns
/// An empty list while the loader has not made its own yet, or in a static program.
#[must_use]
pub fn libraries_xml(auxv: &[u8], read: &mut Read<'_>) -> String {
    let (main, libraries) =
        find_link_map(auxv, read).map_or((0, Vec::new()), |first| (first, walk(first, read)));
    let mut xml = String::from("<library-list-svr4 version=\"1.0\"");
    if main != 0 {
        let _ = write!(xml, " main-lm=\"{main:#x}\"");
    }
    xml.push_str(">\n");
    // The first entry is the program itself, which main-lm stands for.
    for library in libraries.iter().skip(1) {
        let _ = writeln!(
            xml,
            "<library name=\"{}\" lm=\"{:#x}\" l_addr=\"{:#x}\" l_ld=\"{:#x}\" lmid=\"0x0\"/>",
            escape_xml(&library.name),
            library.link_map,
            library.bias,
            library.dynamic
        );
    }
    xml.push_str("</library-list-svr4>\n");
    xml
}

fn find_link_map(auxv: &[u8], read: &mut Read<'_>) -> Option<u64> {
    let debug = find_debug(auxv, read)?;
    // struct r_debug { int r_version; struct link_map *r_map; ... }
    let first = word(debug.checked_add(8)?, read)?;
    (first != 0).then_some(first)
}

/// Finds the value of `DT_DEBUG` in the main program's dynamic section, which the loader fills in.
fn find_debug(auxv: &[u8], read: &mut Read<'_>) -> Option<u64> {
    let table = auxv_value(auxv, AT_PHDR)?;
    let size = auxv_value(auxv, AT_PHENT)?;
    let count = auxv_value(auxv, AT_PHNUM)?.min(MAX_HEADERS);
    let (mut bias, mut dynamic) = (0, None);
    for index in 0..count {
        let mut header = [0; 56];
        let at = table.checked_add(index.checked_mul(size)?)?;
        if !read(at, &mut header) {
            return None;
        }
        let address = u64::from_le_bytes(header[16..24].try_into().ok()?);
        match u32::from_le_bytes(header[..4].try_into().ok()?) {
            PT_PHDR => bias = table.wrapping_sub(address),
            PT_DYNAMIC => dynamic = Some(address),
            _ => {}
        }
    }
    let start = dynamic?.wrapping_add(bias);
    for index in 0..MAX_DYNAMIC {
        let at = start.checked_add(index * 16)?;
        match word(at, read)? {
            DT_NULL => return None,
            DT_DEBUG => return word(at.checked_add(8)?, read).filter(|&address| address != 0),
            _ => {}
        }
    }
    None
}

fn walk(first: u64, read: &mut Read<'_>) -> Vec<Library> {
    let mut found = Vec::new();
    let mut at = first;
    while at != 0 && found.len() < MAX_LIBRARIES {
        // struct link_map { ElfW(Addr) l_addr; char *l_name; ElfW(Dyn) *l_ld; l_next, l_prev }
        let mut entry = [0; 32];
        if !read(at, &mut entry) {
            break;
        }
        let field = |index: usize| {
            u64::from_le_bytes(entry[index * 8..index * 8 + 8].try_into().unwrap_or([0; 8]))
        };
        found.push(Library {
            link_map: at,
            bias: field(0),
            dynamic: field(2),
            name: text(field(1), read),
        });
        at = field(3);
    }
    found
}

fn auxv_value(auxv: &[u8], kind: u64) -> Option<u64> {
    auxv.chunks_exact(16)
        .find(|pair| pair[..8] == kind.to_le_bytes())
        .and_then(|pair| Some(u64::from_le_bytes(pair[8..].try_into().ok()?)))
}

fn word(address: u64, read: &mut Read<'_>) -> Option<u64> {
    let mut bytes = [0; 8];
    read(address, &mut bytes).then(|| u64::from_le_bytes(bytes))
}

/// Reads a NUL-terminated text, at most [`MAX_PATH`] bytes, read in pieces that never cross a page.
fn text(address: u64, read: &mut Read<'_>) -> String {
    const PIECE: usize = 64;
    let mut bytes = Vec::new();
    while bytes.len() < MAX_PATH {
        let Some(at) = address.checked_add(bytes.len() as u64) else {
            break;
        };
        let mut piece = [0; PIECE];
        let size = PIECE - (at as usize % PIECE);
        if !read(at, &mut piece[..size]) {
            break;
        }
        if let Some(end) = piece[..size].iter().position(|&byte| byte == 0) {
            bytes.extend_from_slice(&piece[..end]);
            break;
        }
        bytes.extend_from_slice(&piece[..size]);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: u64 = 0x1000;

    /// A program of one page: headers, dynamic section, `r_debug` and a link map of two.
    fn image() -> (Vec<u8>, Vec<u8>) {
        let mut memory = vec![0; 0x1000];
        let mut put = |at: usize, value: u64| {
            memory[at..at + 8].copy_from_slice(&value.to_le_bytes());
        };
        put(0x40, u64::from(PT_PHDR));
        put(0x50, 0x40);
        put(0x78, u64::from(PT_DYNAMIC));
        put(0x88, 0x200);
        put(0x200, 1);
        put(0x210, DT_DEBUG);
        put(0x218, BASE + 0x300);
        put(0x308, BASE + 0x400);
        put(0x408, BASE + 0x600);
        put(0x418, BASE + 0x500);
        put(0x500, 0x7000);
        put(0x508, BASE + 0x610);
        put(0x510, 0x7777);
        memory[0x610..0x61a].copy_from_slice(b"/lib/a&b\0\0");
        let mut auxv = Vec::new();
        for (kind, value) in [
            (AT_PHDR, BASE + 0x40),
            (AT_PHENT, 56),
            (AT_PHNUM, 2),
            (0, 0),
        ] {
            auxv.extend(kind.to_le_bytes());
            auxv.extend(value.to_le_bytes());
        }
        (auxv, memory)
    }

    fn reader(memory: Vec<u8>) -> impl FnMut(u64, &mut [u8]) -> bool {
        move |address, buffer| {
            let Some(start) = address.checked_sub(BASE).map(|start| start as usize) else {
                return false;
            };
            let end = start.checked_add(buffer.len());
            let part = end.and_then(|end| memory.get(start..end));
            part.map(|part| buffer.copy_from_slice(part)).is_some()
        }
    }

    #[test]
    fn lists_what_the_loader_lists() {
        let (auxv, memory) = image();
        let xml = libraries_xml(&auxv, &mut reader(memory));
        assert!(xml.contains("main-lm=\"0x1400\""), "{xml}");
        assert!(
            xml.contains("name=\"/lib/a&amp;b\" lm=\"0x1500\" l_addr=\"0x7000\" l_ld=\"0x7777\""),
            "{xml}"
        );
    }

    #[test]
    fn a_static_program_has_none() {
        let xml = libraries_xml(&[], &mut reader(Vec::new()));
        assert_eq!(
            xml,
            "<library-list-svr4 version=\"1.0\">\n</library-list-svr4>\n"
        );
    }

    #[test]
    fn damage_ends_the_list() {
        let (auxv, memory) = image();
        let mut circular = memory.clone();
        circular[0x518..0x520].copy_from_slice(&(BASE + 0x400).to_le_bytes());
        let xml = libraries_xml(&auxv, &mut reader(circular));
        assert_eq!(xml.matches("<library ").count(), MAX_LIBRARIES - 1);
        let mut seed = 1u64;
        for _ in 0..300 {
            let mut broken = memory.clone();
            for _ in 0..20 {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                broken[(seed >> 33) as usize % 0x700] = (seed >> 20) as u8;
            }
            let _ = libraries_xml(&auxv, &mut reader(broken));
        }
    }
}
