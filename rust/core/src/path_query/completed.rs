//! Paths of symbols, completed by what debug information says.

use super::segment::{last_segment, split_top};

/// A demangled linkage name as users read it, with what legacy mangling leaves out.
///
/// Those are the numbers of closures and generic arguments, both taken from `name`, the path
/// by the tree of entries.  Generic arguments follow their name without `::`, as there.
pub(crate) fn completed_path(path: &str, name: &str) -> String {
    let text = without_turbofish(&numbered(path, name));
    let (_, own) = text.split_at(last_segment(&text));
    let (_, theirs) = name.split_at(last_segment(name));
    let generics = theirs.strip_prefix(own).unwrap_or_default();
    if own.is_empty() || !generics.starts_with('<') || !generics.ends_with('>') {
        return text;
    }
    text + generics
}

/// `{{closure}}` as `{closure#2}`; as `{closure}` where `name` does not tell which one it is.
fn numbered(path: &str, name: &str) -> String {
    let mut parts = split_top(path, "::");
    let is_anonymous = |part: &&&str| part.starts_with("{{") && part.ends_with("}}");
    let count = parts.iter().filter(is_anonymous).count();
    if count == 0 {
        return path.to_owned();
    }
    let numbers: Vec<&str> = split_top(name, "::")
        .into_iter()
        .filter_map(numbered_part)
        .collect();
    let mut numbers = (numbers.len() == count).then(|| numbers.into_iter());
    for part in parts.iter_mut().filter(|part| is_anonymous(&&**part)) {
        let number = numbers.as_mut().and_then(Iterator::next);
        *part = number.unwrap_or(&part[1..part.len() - 1]);
    }
    parts.join("::")
}

/// `{closure#0}` of `{closure#0}<T>`; `None` for names, and for impls, which symbols spell out.
fn numbered_part(part: &str) -> Option<&str> {
    let end = part.find('}')?;
    let is_numbered = part.starts_with('{') && part[..end].contains('#');
    (is_numbered && !part.starts_with("{impl#")).then(|| &part[..=end])
}

/// `run<T>` for `run::<T>`; the path of an impl, `module::<impl T>::run`, stays as it is.
fn without_turbofish(path: &str) -> String {
    let mut pieces = path.split("::<");
    let mut text = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        text.push_str(if piece.starts_with("impl ") {
            "::<"
        } else {
            "<"
        });
        text.push_str(piece);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::completed_path;

    #[test]
    fn legacy_symbols_get_the_numbers_of_closures() {
        let completed = completed_path("all::main::{{closure}}", "all::main::{closure#2}");
        assert_eq!(completed, "all::main::{closure#2}");
        let nested = "<all::Dog as all::Animal>::name::{{closure}}::{{closure}}";
        let name = "all::{impl#1}::name::{closure#0}::{closure#3}<u8>";
        assert_eq!(
            completed_path(nested, name),
            "<all::Dog as all::Animal>::name::{closure#0}::{closure#3}<u8>"
        );
    }

    #[test]
    fn a_closure_that_is_not_told_has_no_number() {
        let completed = completed_path("all::main::{{closure}}", "all::main::{{closure}}");
        assert_eq!(completed, "all::main::{closure}");
    }

    #[test]
    fn legacy_symbols_get_their_generic_arguments() {
        assert_eq!(
            completed_path("all::run", "all::run<alloc::vec::Vec<u8>>"),
            "all::run<alloc::vec::Vec<u8>>"
        );
        assert_eq!(
            completed_path("all::run::<i32>", "all::run<i32>"),
            "all::run<i32>"
        );
        assert_eq!(
            completed_path("ns::foo(int)", "ns::foo<int>"),
            "ns::foo(int)"
        );
        assert_eq!(completed_path("all::runner", "all::run<u8>"), "all::runner");
    }

    #[test]
    fn impls_keep_their_path() {
        let path = "core::num::<impl u8>::pow";
        assert_eq!(completed_path(path, "core::num::{impl#6}::pow"), path);
    }
}
