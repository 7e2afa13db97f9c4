//! The path of the scopes around something.

/// Longest path, in bytes: scopes may lie within each other by the thousand, and share names.
const LONGEST: usize = 1 << 14;

/// Joins the names of scopes, of which the innermost comes first, by `::`.
///
/// Of a path that is too long the outer scopes are left out, with `…` in their place.
pub(crate) fn join_scopes(innermost_first: impl Iterator<Item = String>) -> String {
    let mut names = Vec::new();
    let mut size = 0;
    for name in innermost_first {
        size += name.len() + "::".len();
        if size > LONGEST {
            names.push(String::from("…"));
            break;
        }
        names.push(name);
    }
    names.reverse();
    names.join("::")
}

#[cfg(test)]
mod tests {
    use super::{LONGEST, join_scopes};

    #[test]
    fn the_outer_scopes_of_a_long_path_are_left_out() {
        let names = ["c", "b", "a"].map(String::from);
        assert_eq!(join_scopes(names.into_iter()), "a::b::c");
        let long = std::iter::repeat_with(|| String::from("scope"));
        let path = join_scopes(long.take(1_000_000));
        assert!(path.starts_with("…::scope::") && path.ends_with("::scope"));
        assert!(path.len() <= LONGEST + 8);
    }
}
