//! What guard and client have agreed on (`qSupported` in the GDB manual).

use super::packet::MAX_PAYLOAD;
use crate::trace::tracer::Choices;

/// Switches of the session.
#[derive(Clone, Debug, Default)]
#[allow(clippy::struct_excessive_bools, reason = "each is one protocol switch")]
pub struct Features {
    /// Packets are not acknowledged any more.
    pub no_ack: bool,
    /// Stops are notifications.
    pub non_stop: bool,
    /// Thread ids carry the process.
    pub multiprocess: bool,
    /// The client understands `swbreak`.
    pub swbreak: bool,
    /// The client understands `hwbreak`.
    pub hwbreak: bool,
    /// The session goes on when no program is left: `extended-remote`.
    pub extended: bool,
}

impl Features {
    /// Returns what holds before the client says anything.
    pub fn new(extended: bool) -> Self {
        Self {
            extended,
            ..Self::default()
        }
    }

    /// Takes in the client's `qSupported` list and returns the guard's.
    pub fn negotiate(
        &mut self,
        offered: &str,
        choices: &mut Choices,
        passes_descriptors: bool,
    ) -> String {
        for name in offered.split(';').filter_map(|item| item.strip_suffix('+')) {
            match name {
                "multiprocess" => self.multiprocess = true,
                "swbreak" => self.swbreak = true,
                "hwbreak" => self.hwbreak = true,
                "fork-events" => choices.fork_events = true,
                "vfork-events" => choices.vfork_events = true,
                "exec-events" => choices.exec_events = true,
                "no-resumed" => choices.no_resumed = true,
                _ => {}
            }
        }
        let mut ours = format!("PacketSize={:x}", MAX_PAYLOAD / 2);
        for name in OURS {
            ours.push(';');
            ours.push_str(name);
            ours.push('+');
        }
        if passes_descriptors {
            ours.push_str(";crabtrap.memory-fd+;crabtrap.stdio+;crabtrap.successor+");
        }
        ours
    }
}

/// What the guard offers on every connection.
const OURS: [&str; 34] = [
    "QStartNoAckMode",
    "QNonStop",
    "QThreadEvents",
    "QPassSignals",
    "QProgramSignals",
    "QCatchSyscalls",
    "QDisableRandomization",
    "QEnvironmentHexEncoded",
    "QEnvironmentReset",
    "QEnvironmentUnset",
    "QSaveRegisterState",
    "QSetWorkingDir",
    "QStartupWithShell",
    "ConditionalBreakpoints",
    "swbreak",
    "hwbreak",
    "multiprocess",
    "fork-events",
    "vfork-events",
    "exec-events",
    "no-resumed",
    "vContSupported",
    "qXfer:features:read",
    "qXfer:auxv:read",
    "qXfer:threads:read",
    "qXfer:libraries-svr4:read",
    "augmented-libraries-svr4-read",
    "qXfer:siginfo:read",
    "qXfer:siginfo:write",
    "qXfer:exec-file:read",
    "qXfer:osdata:read",
    "crabtrap.long-packets",
    "crabtrap.stop-all",
    "crabtrap.step-over-breakpoint",
];
