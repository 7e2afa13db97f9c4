//! The command line of `crabtrap-guard`.

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::os::fd::RawFd;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use crate::os::ptrace::Tid;
use crate::server::token::Token;

/// The way a client reaches the guard.
#[derive(Debug, PartialEq, Eq)]
pub enum Connection {
    /// A unix socket inherited as this descriptor.
    Inherited(RawFd),
    /// Standard input and output.
    Stdio,
    /// One client at `unix:PATH` or `HOST:PORT`.
    Listen(String),
}

/// The program to debug from the start.
#[derive(Debug, PartialEq, Eq)]
pub enum Program {
    /// None: the client will ask for one.
    None,
    /// This process.
    Attach(Tid),
    /// This program with these arguments.
    Run(Vec<u8>, Vec<Vec<u8>>),
}

/// What the guard is to do.
#[derive(Debug, PartialEq, Eq)]
pub enum Task {
    /// Serve a client.
    Serve(Options),
    /// Repair this process, or all that a killed guard has left something in.
    Repair(Option<Tid>),
}

/// How a client is to be served.
#[derive(Debug, PartialEq, Eq)]
pub struct Options {
    /// The way a client reaches the guard.
    pub connection: Connection,
    /// The program to debug from the start.
    pub program: Program,
    /// The file to write a log to.
    pub log: Option<PathBuf>,
    token_file: Option<PathBuf>,
}

const USAGE: &str = "\
usage: crabtrap-guard (--fd N | --stdio | --listen ADDRESS) [options] [-- PROGRAM [ARGUMENT...]]
       crabtrap-guard --repair (PID | all)

  --fd N             speak over the inherited unix socket N
  --stdio            speak over standard input and output
  --listen ADDRESS   wait for one client at unix:PATH or IP:PORT (PORT 0: any free one)
  --token-file FILE  a TCP client must first send FILE's line, and may then be any user's;
                     without it, clients are this user or root, and on this machine
  --attach PID       debug this process
  --log FILE         write a log
  --repair PID       take out what a killed guard has left in this process, or in all
  --version          print the version
";

/// Parses arguments, the program's name excluded; `None` after `--help` and `--version`.
///
/// # Errors
/// A sentence for the user.
pub fn parse(arguments: impl Iterator<Item = OsString>) -> Result<Option<Task>, String> {
    let mut arguments = arguments.peekable();
    let (mut connection, mut program) = (None, Program::None);
    let (mut log, mut token_file) = (None, None);
    while let Some(argument) = arguments.next() {
        let name = argument.to_string_lossy().into_owned();
        let mut value = || {
            arguments
                .next()
                .ok_or_else(|| format!("{name} needs a value\n{USAGE}"))
        };
        match name.as_str() {
            "--fd" => connection = Some(Connection::Inherited(number(&value()?)?)),
            "--stdio" => connection = Some(Connection::Stdio),
            "--listen" => {
                connection = Some(Connection::Listen(value()?.to_string_lossy().into_owned()));
            }
            "--token-file" => token_file = Some(PathBuf::from(value()?)),
            "--attach" => program = Program::Attach(number(&value()?)?),
            "--log" => log = Some(PathBuf::from(value()?)),
            "--repair" => {
                let value = value()?;
                let pid = (value != "all").then(|| number(&value)).transpose()?;
                return Ok(Some(Task::Repair(pid)));
            }
            "--version" => {
                return print(&format!("crabtrap-guard {}\n", env!("CARGO_PKG_VERSION")));
            }
            "--help" => return print(USAGE),
            "--" => {
                let path = value()?.into_vec();
                program = Program::Run(path, arguments.by_ref().map(OsString::into_vec).collect());
            }
            _ => return Err(format!("unknown argument {name}\n{USAGE}")),
        }
    }
    let connection =
        connection.ok_or_else(|| format!("--fd, --stdio or --listen is needed\n{USAGE}"))?;
    Ok(Some(Task::Serve(Options {
        connection,
        program,
        log,
        token_file,
    })))
}

fn number(text: &OsString) -> Result<i32, String> {
    let text = text.to_string_lossy();
    text.parse()
        .map_err(|_| format!("{text:?} is not a number"))
}

fn print(text: &str) -> Result<Option<Task>, String> {
    io::stdout()
        .write_all(text.as_bytes())
        .map_err(|error| error.to_string())?;
    Ok(None)
}

impl Options {
    /// Reads the token that TCP clients must know, if any.
    pub fn token(&self) -> io::Result<Option<Token>> {
        self.token_file.as_deref().map(Token::read).transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_words(words: &[&str]) -> Result<Option<Task>, String> {
        parse(words.iter().map(OsString::from))
    }

    #[test]
    fn one_process_is_repaired_or_all() {
        assert_eq!(
            parse_words(&["--repair", "12"]),
            Ok(Some(Task::Repair(Some(12))))
        );
        assert_eq!(
            parse_words(&["--repair", "all"]),
            Ok(Some(Task::Repair(None)))
        );
        assert!(parse_words(&["--repair", "x"]).is_err());
    }

    #[test]
    fn everything_after_two_dashes_is_the_program() {
        let task = parse_words(&["--stdio", "--", "ls", "--fd"]);
        let Ok(Some(Task::Serve(options))) = task else {
            panic!("{task:?}")
        };
        assert_eq!(options.connection, Connection::Stdio);
        assert_eq!(
            options.program,
            Program::Run(b"ls".to_vec(), vec![b"--fd".to_vec()])
        );
    }

    #[test]
    fn a_way_to_reach_us_is_needed() {
        assert!(parse_words(&["--attach", "1"]).is_err());
        assert!(parse_words(&["--fd"]).is_err());
        assert!(parse_words(&["--fd", "x"]).is_err());
    }
}
