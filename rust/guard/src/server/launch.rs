//! Starting a program and attaching to one: `vRun`, `vAttach` and the settings for them.

use std::os::fd::OwnedFd;

use super::thread_id::ThreadId;
use super::{Reply, Server, packet};
use crate::lifecycle::launch::{self, Launch, Stdio};
use crate::os::ptrace::Tid;
use crate::trace::report::{Reason, Report};

/// Settings of `Q` packets for programs to be started.
pub struct LaunchOptions {
    environment: Vec<Vec<u8>>,
    directory: Option<Vec<u8>>,
    randomize: bool,
    with_shell: bool,
    stdio: Option<Vec<OwnedFd>>,
    inherits_stdio: bool,
    /// The program last run, which an empty `vRun` runs again.
    last: Option<(Vec<u8>, Vec<Vec<u8>>)>,
}

impl LaunchOptions {
    /// Returns what holds until the client says otherwise.
    pub fn new(inherits_stdio: bool) -> Self {
        Self {
            environment: launch::own_environment(),
            directory: None,
            randomize: false,
            with_shell: false,
            stdio: None,
            inherits_stdio,
            last: None,
        }
    }

    /// Carries out one `Q` packet.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        let hex = || packet::from_hex(value.as_bytes()).ok_or("malformed hexadecimal text");
        match name {
            "QStartupWithShell" => self.with_shell = value == "1",
            "QDisableRandomization" => self.randomize = value == "0",
            "QSetWorkingDir" => self.directory = Some(hex()?).filter(|path| !path.is_empty()),
            "QEnvironmentReset" => {
                self.environment = launch::own_environment();
            }
            "QEnvironmentUnset" => self.unset(&hex()?),
            "QEnvironmentHexEncoded" => {
                let entry = hex()?;
                let equals = entry.iter().position(|byte| *byte == b'=');
                self.unset(&entry[..equals.unwrap_or(entry.len())]);
                self.environment.push(entry);
            }
            _ => return Err(format!("{name} is not a launch setting")),
        }
        Ok(())
    }

    fn unset(&mut self, name: &[u8]) {
        let names = |entry: &Vec<u8>| {
            entry
                .strip_prefix(name)
                .is_some_and(|rest| rest.first() == Some(&b'='))
        };
        self.environment.retain(|entry| !names(entry));
    }

    fn take_stdio(&mut self) -> Result<Stdio, String> {
        match self.stdio.take() {
            Some(fds) => Stdio::from_descriptors(fds).map_err(|error| error.to_string()),
            None if self.inherits_stdio => Ok(Stdio::Inherit),
            None => Ok(Stdio::Null),
        }
    }
}

impl Server {
    /// `Qcrabtrap.Stdio:`: the three descriptors that came beside it become the next
    /// program's standard streams.
    pub(super) fn take_stdio(&mut self) -> Reply {
        let mut fds = Vec::new();
        while let Some(fd) = self.transport.take_descriptor() {
            fds.push(fd);
        }
        if fds.len() != 3 {
            return Reply::Error(format!("three descriptors are needed, {} came", fds.len()));
        }
        self.launch_options.stdio = Some(fds);
        Reply::Ok
    }

    /// `vRun;PROGRAM;ARGUMENT...`, all in hexadecimal.
    pub(super) fn run_program(&mut self, rest: &[u8]) -> Reply {
        let parts: Option<Vec<Vec<u8>>> = rest
            .split(|byte| *byte == b';')
            .map(packet::from_hex)
            .collect();
        let Some(mut parts) = parts.filter(|parts| !parts.is_empty()) else {
            return Reply::Error("malformed vRun packet".into());
        };
        let program = parts.remove(0);
        let (program, arguments) = match (program.is_empty(), self.launch_options.last.take()) {
            (false, _) => (program, parts),
            (true, Some((last, _))) => (last, parts),
            (true, None) => return Reply::Error("no program is named".into()),
        };
        match self.start(program, arguments) {
            Ok(pid) => self.reply_with_stop_of(pid, Reason::Trap),
            Err(text) => Reply::Error(text),
        }
    }

    /// Starts a program by the settings that were made.
    ///
    /// # Errors
    /// A sentence that says what failed.
    pub fn start(&mut self, program: Vec<u8>, arguments: Vec<Vec<u8>>) -> Result<Tid, String> {
        let options = &mut self.launch_options;
        let stdio = options.take_stdio()?;
        options.last = Some((program.clone(), arguments.clone()));
        let launch = Launch {
            program,
            arguments,
            environment: options.environment.clone(),
            directory: options.directory.clone(),
            randomize: options.randomize,
            with_shell: options.with_shell,
            stdio,
        };
        self.tracer.launch(&launch)
    }

    /// `vAttach;PID`.
    pub(super) fn attach(&mut self, rest: &[u8]) -> Reply {
        let pid = packet::parse_hex(rest).and_then(|pid| Tid::try_from(pid).ok());
        let Some(pid) = pid else {
            return Reply::Error("malformed process id".into());
        };
        match self.tracer.attach(pid) {
            Ok(()) if self.features.non_stop => {
                self.report_attached(pid);
                Reply::Ok
            }
            Ok(()) => self.reply_with_stop_of(pid, Reason::Interrupt),
            Err(text) => Reply::Error(text),
        }
    }

    /// Queues the stops of a process that was just attached to, but for those threads that have
    /// stopped for a reason of their own.
    fn report_attached(&mut self, pid: Tid) {
        let mut threads = self.tracer.threads_of(pid);
        threads.retain(|tid| !self.tracer.reports().has_stop_of(*tid));
        if self.tracer.choices().stop_all {
            let is_told = self.tracer.reports().has_stop_in(pid);
            let one = self.tracer.representative_of(pid).filter(|_| !is_told);
            threads = one.into_iter().collect();
        }
        self.general_process = pid;
        for tid in threads {
            self.tracer.queue_report(Report {
                pid,
                tid,
                reason: Reason::Interrupt,
            });
        }
    }

    /// Answers with the stop of a new process.
    fn reply_with_stop_of(&mut self, pid: Tid, reason: Reason) -> Reply {
        let Some(tid) = self.tracer.representative_of(pid) else {
            return Reply::Error(format!("process {pid} ended at once"));
        };
        self.select(tid);
        if self.threads_covered_by(self.resumed).is_empty() {
            // It was selected in a program that is gone.
            self.resumed = ThreadId::ALL;
        }
        self.tracer.note_reported(tid);
        // Attaching is not the user's Ctrl-C: no signal goes with it.
        let report = Report { pid, tid, reason };
        let text = self.render(&report);
        match report.reason {
            Reason::Interrupt => Reply::Text(format!("T00{}", &text[3..])),
            _ => Reply::Text(text),
        }
    }
}
