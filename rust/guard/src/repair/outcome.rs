//! The outcome of a repair, and its JSON.

use std::fmt::Write as _;

use crate::journal::identity::Identity;
use crate::os::ptrace::Tid;
use crate::trace::safety::Mended;

/// The outcome for one process.
#[derive(Debug)]
pub enum Outcome {
    /// What was left in it, if anything, is not any more.
    Done {
        /// Process.
        pid: Tid,
        /// Done by the warden, when the guard died.
        is_by_warden: bool,
        /// What was done.
        mended: Mended,
        /// Files of its code that there is nothing to compare with any more.
        unknown: Vec<String>,
    },
    /// The process has ended.
    Gone {
        /// Process.
        pid: Tid,
    },
    /// It cannot be repaired.
    Refused {
        /// Process.
        pid: Tid,
        /// A sentence that says why.
        text: String,
    },
    /// Somebody has done it before, and left this JSON.
    Already(String),
}

impl Outcome {
    /// What somebody has left about a process, under the number that it has there.
    #[must_use]
    pub fn already(pid: Tid, there: &Identity, json: &str) -> Self {
        let named = |pid| format!("{{\"pid\":{pid},");
        let rest = json.strip_prefix(&named(there.pid));
        Self::Already(rest.map_or_else(|| json.to_owned(), |rest| named(pid) + rest))
    }

    /// Marks it as the warden's, who had lifted so many traps before.
    #[must_use]
    pub fn by_warden(mut self, lifted: usize) -> Self {
        if let Self::Done {
            is_by_warden,
            mended,
            ..
        } = &mut self
        {
            *is_by_warden = true;
            mended.traps += lifted;
        }
        self
    }

    /// Returns a JSON object, without line breaks.
    pub fn to_json(&self) -> String {
        match self {
            Self::Gone { pid } => format!("{{\"pid\":{pid},\"outcome\":\"gone\"}}"),
            Self::Refused { pid, text } => {
                let text = quote(text);
                format!("{{\"pid\":{pid},\"outcome\":\"refused\",\"reason\":{text}}}")
            }
            Self::Already(json) => json.clone(),
            Self::Done {
                pid,
                is_by_warden,
                mended,
                unknown,
            } => {
                let outcome = if *mended == Mended::default() {
                    "clean"
                } else {
                    "repaired"
                };
                let unknown: Vec<String> = unknown.iter().map(|path| quote(path)).collect();
                format!(
                    "{{\"pid\":{pid},\"outcome\":\"{outcome}\",\"by_warden\":{is_by_warden},\
                     \"traps\":{},\"slots\":{},\"moved\":{},\"watched\":{},\"calls\":{},\
                     \"signals\":{},\"unknown\":[{}]}}",
                    mended.traps,
                    mended.slots,
                    mended.moved,
                    mended.watched,
                    mended.calls,
                    mended.signals,
                    unknown.join(",")
                )
            }
        }
    }
}

/// Quotes a text as JSON does.
fn quote(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            '\0'..='\x1f' => {
                // Writing to a string cannot fail.
                let _ = write!(quoted, "\\u{:04x}", u32::from(letter));
            }
            _ => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_quoted() {
        assert_eq!(quote("a\"b\\c\nd"), "\"a\\\"b\\\\c\\u000ad\"");
    }

    #[test]
    fn what_was_left_under_another_number_is_told_under_ours() {
        let own = Identity::of(std::process::id() as Tid).unwrap();
        let json = Outcome::Gone { pid: own.pid }.to_json();
        let told = Outcome::already(7, &own, &json);
        assert_eq!(told.to_json(), "{\"pid\":7,\"outcome\":\"gone\"}");
    }

    #[test]
    fn nothing_found_is_clean() {
        let done = |mended| Outcome::Done {
            pid: 7,
            is_by_warden: false,
            mended,
            unknown: vec!["/tmp/a (deleted)".into()],
        };
        assert!(done(Mended::default()).to_json().contains("\"clean\""));
        let json = done(Mended::default()).by_warden(2).to_json();
        assert!(json.contains("\"repaired\",\"by_warden\":true,\"traps\":2"));
    }
}
