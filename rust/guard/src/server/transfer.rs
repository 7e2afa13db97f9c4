//! Documents: `qXfer` packets ("General Query Packets" in the GDB manual).

use super::{Reply, Server, documents, libraries, packet, target_description};
use crate::os::procfs;
use crate::os::ptrace::Tid;
use crate::os::signals::{self, SIGINFO_SIZE};

/// A document of which the client has read the beginning.  What it reads next is of the same
/// one: pieces of two that differ would not fit together.
pub struct BegunDocument {
    /// Object and annex.
    name: (Vec<u8>, String),
    bytes: Vec<u8>,
}

impl Server {
    /// `qXfer:OBJECT:read:ANNEX:OFFSET,LENGTH` and the one `write`.
    pub(super) fn transfer(&mut self, payload: &[u8]) -> Reply {
        let mut parts = payload.splitn(5, |byte| *byte == b':').skip(1);
        let (Some(object), Some(verb)) = (parts.next(), parts.next()) else {
            return Reply::Unsupported;
        };
        let (Some(annex), Some(rest)) = (parts.next(), parts.next()) else {
            return Reply::ErrorNumber(0);
        };
        if (object, verb) == (b"siginfo".as_slice(), b"write".as_slice()) {
            return self.write_siginfo(rest);
        }
        if verb != b"read" {
            return Reply::Unsupported;
        }
        let annex = String::from_utf8_lossy(annex).into_owned();
        let Some((offset, length)) = parse_window(rest) else {
            return Reply::ErrorNumber(0);
        };
        let name = (object.to_vec(), annex);
        let begun = self.begun_document.take();
        let bytes = match begun.filter(|begun| offset > 0 && begun.name == name) {
            Some(begun) => begun.bytes,
            None => match self.render_document(object, &name.1) {
                Ok(bytes) => bytes,
                Err(reply) => return reply,
            },
        };
        let piece = window(&bytes, offset, length);
        if piece[0] == b'm' {
            self.begun_document = Some(BegunDocument { name, bytes });
        }
        Reply::Binary(piece)
    }

    /// Renders the document that `object` and `annex` name, as it is now.
    fn render_document(&self, object: &[u8], annex: &str) -> Result<Vec<u8>, Reply> {
        let document = match object {
            b"features" if annex == "target.xml" => Ok(self.target_xml().into_bytes()),
            b"features" => return Err(Reply::ErrorNumber(0)),
            b"auxv" => self.auxv(),
            b"exec-file" => self.executable(annex).map(String::into_bytes),
            b"threads" => Ok(self.threads_xml().into_bytes()),
            b"siginfo" => self.read_siginfo().map(Vec::from),
            b"osdata" if annex == "processes" => Ok(documents::render_processes().into_bytes()),
            b"osdata" => Ok(documents::OSDATA_TYPES.as_bytes().to_vec()),
            b"libraries-svr4" => self.libraries().map(String::into_bytes),
            _ => return Err(Reply::Unsupported),
        };
        document.map_err(Reply::Error)
    }

    /// Reads the auxiliary vector through a thread that is alive.
    fn auxv(&self) -> Result<Vec<u8>, String> {
        let pid = self
            .current_process()
            .ok_or("no program is being debugged")?;
        let tid = self
            .tracer
            .representative_of(pid)
            .ok_or("no thread is left")?;
        procfs::auxv(tid).map_err(|error| error.to_string())
    }

    /// Reads the path of the executable of the process that `annex` names, else of the current.
    fn executable(&self, annex: &str) -> Result<String, String> {
        let pid = match packet::parse_hex(annex.as_bytes()) {
            Some(pid) => Some(pid as Tid),
            None => self.current_process(),
        };
        let tid = pid
            .and_then(|pid| self.tracer.representative_of(pid))
            .ok_or("no such process")?;
        procfs::executable(tid).map_err(|error| error.to_string())
    }

    fn libraries(&self) -> Result<String, String> {
        let pid = self
            .current_process()
            .ok_or("no program is being debugged")?;
        let auxv = self.auxv()?;
        let mut read =
            |address, into: &mut [u8]| self.tracer.read_memory(pid, address, into) == into.len();
        Ok(libraries::libraries_xml(&auxv, &mut read))
    }

    fn read_siginfo(&self) -> Result<[u8; SIGINFO_SIZE], String> {
        match self.tracer.read_siginfo(self.general) {
            Ok(info) => Ok(signals::to_bytes(&info)),
            Err(error) => Err(error.desc().to_owned()),
        }
    }

    /// Renders the target description for the processor of the selected thread.
    fn target_xml(&self) -> String {
        target_description::render(self.tracer.has_avx(self.general))
    }

    /// `qXfer:siginfo:write::OFFSET:DATA`.
    fn write_siginfo(&mut self, rest: &[u8]) -> Reply {
        let colon = rest.iter().position(|byte| *byte == b':');
        let parsed = colon.and_then(|at| Some((packet::parse_hex(&rest[..at])?, &rest[at + 1..])));
        let Some((offset, data)) = parsed else {
            return Reply::ErrorNumber(0);
        };
        let Ok(mut bytes) = self.read_siginfo() else {
            return Reply::ErrorNumber(1);
        };
        let end = (offset as usize).saturating_add(data.len());
        let Some(target) = bytes.get_mut(offset as usize..end) else {
            return Reply::ErrorNumber(0);
        };
        target.copy_from_slice(data);
        let info = signals::from_bytes(&bytes);
        match self.tracer.write_siginfo(self.general, &info) {
            Ok(()) => Reply::Text(format!("{:x}", data.len())),
            Err(error) => Reply::Error(error.desc().to_owned()),
        }
    }
}

/// Splits `OFFSET,LENGTH`.
fn parse_window(text: &[u8]) -> Option<(usize, usize)> {
    let mut parts = text.splitn(2, |byte| *byte == b',');
    let offset = packet::parse_hex(parts.next()?)?;
    let length = packet::parse_hex(parts.next()?)?;
    Some((usize::try_from(offset).ok()?, usize::try_from(length).ok()?))
}

/// Returns one piece of a document, after an `m` when more follows and an `l` for the last.
fn window(document: &[u8], offset: usize, length: usize) -> Vec<u8> {
    let start = offset.min(document.len());
    let length = length.min(packet::MAX_PAYLOAD / 2 - 16);
    let end = start.saturating_add(length).min(document.len());
    let mut piece = vec![if end < document.len() { b'm' } else { b'l' }];
    piece.extend(&document[start..end]);
    piece
}

#[cfg(test)]
mod tests {
    use super::window;

    #[test]
    fn a_document_is_read_in_pieces() {
        assert_eq!(window(b"abcdef", 0, 4), b"mabcd");
        assert_eq!(window(b"abcdef", 4, 4), b"lef");
        assert_eq!(window(b"abcdef", 9, 4), b"l");
        assert_eq!(window(b"abcdef", usize::MAX, usize::MAX), b"l");
    }
}
