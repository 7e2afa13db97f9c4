//! `crabtrap-guard`: the sole owner of ptrace, and a GDB remote protocol server.

mod breakpoints;
mod journal;
mod lifecycle;
mod logging;
mod options;
mod os;
mod repair;
mod server;
mod trace;

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt;
use std::process::ExitCode;

use options::{Connection, Options, Program, Task};
use os::ptrace::Tid;
use os::signal_queue::SignalQueue;
use server::Server;
use server::listener::Listener;
use server::transport::Transport;

fn main() -> ExitCode {
    let task = match options::parse(std::env::args_os().skip(1)) {
        Ok(Some(task)) => task,
        Ok(None) => return ExitCode::SUCCESS,
        Err(text) => {
            complain(&text);
            return ExitCode::from(2);
        }
    };
    let outcome = match task {
        Task::Serve(options) => run(&options),
        Task::Repair(pid) => repair(pid),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

fn complain(text: &str) {
    // Nothing is left to be done when even standard error is gone.
    let _ = writeln!(io::stderr(), "crabtrap-guard: {text}");
}

/// Repairs a process or all orphans; prints one JSON object for each.
fn repair(pid: Option<Tid>) -> io::Result<()> {
    // Its stops are waited for by this signal, too.
    let _signals = SignalQueue::open()?;
    let outcomes = match pid {
        Some(pid) => vec![repair::repair(pid)],
        None => repair::repair_orphans()?,
    };
    let mut output = io::stdout().lock();
    outcomes
        .iter()
        .try_for_each(|outcome| writeln!(output, "{}", outcome.to_json()))
}

fn run(options: &Options) -> io::Result<()> {
    if let Some(path) = &options.log {
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(path)?;
        logging::to_file(file);
    }
    let signals = SignalQueue::open()?;
    match &options.connection {
        Connection::Inherited(fd) => {
            // SAFETY: the number was given to us for this and nothing else.
            let transport = unsafe { Transport::from_inherited(*fd) }?;
            serve(transport, false, options, &signals)
        }
        Connection::Stdio => serve(Transport::stdio()?, false, options, &signals),
        Connection::Listen(address) => {
            let listener = Listener::bind(address, options.token()?)?;
            complain(&format!("listening on {}", listener.describe()));
            match listener.accept(&signals)? {
                Some(transport) => serve(transport, true, options, &signals),
                None => Ok(()),
            }
        }
    }
}

fn serve(
    transport: Transport,
    inherits_stdio: bool,
    options: &Options,
    signals: &SignalQueue,
) -> io::Result<()> {
    let mut server = Server::new(transport, inherits_stdio);
    let begun = match &options.program {
        Program::None => Ok(()),
        Program::Attach(pid) => server.attach_first(*pid),
        Program::Run(program, arguments) => {
            server.start(program.clone(), arguments.clone()).map(drop)
        }
    };
    begun.map_err(io::Error::other)?;
    server.serve(signals)
}
