//! XML documents of `qXfer` that list what runs on this machine.

use std::fmt::Write as _;

use crate::os::procfs;

/// The document for `qXfer:osdata:read:`: which lists there are.
pub const OSDATA_TYPES: &str = "<?xml version=\"1.0\"?>\n<osdata type=\"types\">\n<item>\
<column name=\"Type\">processes</column>\
<column name=\"Description\">Listing of all processes</column></item>\n</osdata>\n";

/// Renders the document for `qXfer:osdata:read:processes`: every process this user may see.
#[must_use]
pub fn render_processes() -> String {
    let mut xml = String::from("<osdata type=\"processes\">\n");
    for pid in procfs::processes() {
        let command = procfs::command_line(pid);
        let name = if command.trim().is_empty() {
            procfs::comm(pid)
        } else {
            command
        };
        let user = procfs::status(pid).map(|status| status.uid);
        let _ = writeln!(
            xml,
            "<item><column name=\"pid\">{pid}</column><column name=\"user\">{}</column>\
             <column name=\"command\">{}</column></item>",
            user.unwrap_or_default(),
            escape_xml(name.trim())
        );
    }
    xml.push_str("</osdata>\n");
    xml
}

/// Replaces the characters that XML reserves, and control characters by U+FFFD.
#[must_use]
pub fn escape_xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_characters_are_replaced() {
        assert_eq!(
            escape_xml("<a & \"b\"\x1b>"),
            "&lt;a &amp; &quot;b&quot;\u{fffd}&gt;"
        );
    }

    #[test]
    fn we_are_among_the_processes() {
        let pid = std::process::id();
        assert!(render_processes().contains(&format!("<column name=\"pid\">{pid}</column>")));
    }
}
