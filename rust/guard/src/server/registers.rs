//! The registers of the selected thread: `g`, `G`, `p`, `P`.

use super::{Reply, Server, packet};
use crate::os::registers::RegisterFile;

impl Server {
    /// `g`: reads all registers.
    pub(super) fn read_all_registers(&mut self) -> Reply {
        match self.tracer.read_registers(self.general) {
            Ok(file) => Reply::Text(packet::to_hex(&file.all())),
            Err(text) => Reply::Error(text),
        }
    }

    /// `p`: reads one register.
    pub(super) fn read_one_register(&mut self, rest: &[u8]) -> Reply {
        let number = packet::parse_hex(rest).and_then(|number| u16::try_from(number).ok());
        let Some(number) = number else {
            return Reply::ErrorNumber(1);
        };
        match self.tracer.read_registers(self.general) {
            Ok(file) => match file.read(number) {
                Some(bytes) => Reply::Text(packet::to_hex(&bytes)),
                None => Reply::Error(format!("there is no register {number}")),
            },
            Err(text) => Reply::Error(text),
        }
    }

    /// `G`: writes all registers.
    pub(super) fn write_all_registers(&mut self, rest: &[u8]) -> Reply {
        let Some(bytes) = packet::from_hex(rest) else {
            return Reply::ErrorNumber(1);
        };
        self.change_registers(|file| file.set_all(&bytes))
    }

    /// `P`: writes one register.
    pub(super) fn write_one_register(&mut self, rest: &[u8]) -> Reply {
        let mut parts = rest.splitn(2, |byte| *byte == b'=');
        let number = parts.next().and_then(packet::parse_hex);
        let bytes = parts.next().and_then(packet::from_hex);
        let (Some(number), Some(bytes)) = (number.and_then(|n| u16::try_from(n).ok()), bytes)
        else {
            return Reply::ErrorNumber(1);
        };
        self.change_registers(|file| file.write(number, &bytes))
    }

    fn change_registers(&mut self, change: impl FnOnce(&mut RegisterFile) -> bool) -> Reply {
        self.tracer.change_registers(self.general, change).into()
    }
}
