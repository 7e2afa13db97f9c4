//! Errors whose type is erased.

use std::error::Error;
use std::fmt;

use anyhow::Context;

#[derive(Debug)]
struct Refused {
    code: u16,
    why: &'static str,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "refused: {}", self.why)
    }
}

impl Error for Refused {}

/// Of the same size and content as another, so that their functions may be folded.
#[derive(Debug)]
struct Busy {
    code: u16,
    why: &'static str,
}

impl fmt::Display for Busy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "busy: {}", self.why)
    }
}

impl Error for Busy {}

fn parse(text: &str) -> anyhow::Result<u32> {
    let number: u32 = text.parse().context("no port")?;
    Ok(number)
}

pub fn errors() {
    let plain = anyhow::anyhow!("plain");
    let formatted = anyhow::anyhow!("{} of {}", 1, 2);
    let own = anyhow::Error::new(Refused {
        code: 7,
        why: "late",
    });
    let alike = anyhow::Error::new(Busy {
        code: 8,
        why: "full",
    });
    let parsed = parse("12x").unwrap_err();
    let chain = parse("x")
        .context("reading config")
        .context("starting up")
        .unwrap_err();
    let boxed = anyhow::Error::from_boxed(Box::new(Refused {
        code: 9,
        why: "boxed",
    }));
    let result: anyhow::Result<u8> = Err(anyhow::anyhow!("inside"));
    let report = eyre::eyre!("plain");
    let formatted_report = eyre::eyre!("{} of {}", 1, 2);
    let own_report = eyre::Report::new(Refused {
        code: 7,
        why: "late",
    });
    let wrapped_report = eyre::Report::new(Busy {
        code: 8,
        why: "full",
    })
    .wrap_err("starting up");
    let boxed_text: Box<dyn Error> = "a text".into();
    let sendable: Box<dyn Error + Send + Sync> = String::from("another").into();
    let boxed_own: Box<dyn Error> = Box::new(Refused {
        code: 1,
        why: "own",
    });
    let boxed_io: Box<dyn Error> = Box::new(std::io::Error::other("disk on fire"));
    tell!("errors": boxed_text, sendable, boxed_own, boxed_io);
    ready::keep(&(
        &plain, &formatted, &own, &alike, &parsed, &chain, &boxed, &result,
    ));
    ready::keep(&(&report, &formatted_report, &own_report, &wrapped_report)); // @errors
}
