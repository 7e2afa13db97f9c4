//! Paths of source files, as text: they need not exist on this machine.

/// Joins parts, each relative to those before it, and takes out `.`, `..` and double slashes.
pub(crate) fn join(parts: &[&str]) -> String {
    let first = parts
        .iter()
        .rposition(|part| part.starts_with('/'))
        .unwrap_or(0);
    let is_absolute = parts.get(first).is_some_and(|part| part.starts_with('/'));
    let mut components: Vec<&str> = Vec::new();
    for component in parts[first..].iter().flat_map(|part| part.split('/')) {
        match component {
            "" | "." => {}
            ".." if components.last().is_some_and(|last| *last != "..") => {
                components.pop();
            }
            ".." if is_absolute => {}
            _ => components.push(component),
        }
    }
    let start = if is_absolute { "/" } else { "" };
    format!("{start}{}", components.join("/"))
}

/// Whether the last components of `path` are those of `suffix`.
pub(crate) fn ends_with(path: &str, suffix: &str) -> bool {
    let wanted = join(&[suffix]);
    if wanted.starts_with('/') || wanted.is_empty() {
        return path == wanted;
    }
    path.strip_suffix(&wanted)
        .is_some_and(|head| head.is_empty() || head.ends_with('/'))
}

#[cfg(test)]
mod tests {
    use super::{ends_with, join};

    #[test]
    fn parts_are_relative_to_those_before() {
        assert_eq!(join(&["/build", "src", "main.rs"]), "/build/src/main.rs");
        assert_eq!(join(&["/build", "/rustc/x", "a.rs"]), "/rustc/x/a.rs");
        assert_eq!(join(&["/build/a", "..", "./b//c.rs"]), "/build/b/c.rs");
        assert_eq!(join(&["/..", "..", "x"]), "/x");
        assert_eq!(join(&["", "../x", "y.rs"]), "../x/y.rs");
        assert_eq!(join(&[]), "");
    }

    #[test]
    fn suffixes_are_whole_components() {
        assert!(ends_with("/build/src/main.rs", "main.rs"));
        assert!(ends_with("/build/src/main.rs", "./src/main.rs"));
        assert!(ends_with("/build/src/main.rs", "/build/src/main.rs"));
        assert!(!ends_with("/build/src/main.rs", "ain.rs"));
        assert!(!ends_with("/build/src/main.rs", "/src/main.rs"));
        assert!(!ends_with("/build/src/main.rs", ""));
    }
}
