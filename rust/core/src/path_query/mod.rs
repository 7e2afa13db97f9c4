//! Queries for paths: whether a path ends with what somebody typed.
//!
//! The rules are those of `Image.find_functions`: trailing segments count; generic arguments
//! may be left out; `{impl#N}` and `{closure#N}` inside a path may be left out; an impl
//! segment `<T as Trait>` is met by `<T as Trait>` with trailing parts of both, by `T` and by
//! `Trait`.

mod agreement;
mod completed;
mod scopes;
mod segment;
#[cfg(test)]
mod tests;

pub(crate) use agreement::same_text;
pub(crate) use completed::completed_path;
pub(crate) use scopes::join_scopes;
pub(crate) use segment::last_segment;

use agreement::{ends_with, may_be_in_impl};
use segment::{Segment, parse_path};

/// Whether `path` ends with the path `query`, by the rules of `Image::find_functions`.
pub fn path_matches(query: &str, path: &str) -> bool {
    PathQuery::parse(query).matches(path)
}

/// A path that somebody typed, taken apart.
#[derive(Debug)]
pub(crate) struct PathQuery<'a> {
    segments: Vec<Segment<'a>>,
}

impl<'a> PathQuery<'a> {
    /// Takes a path apart; text that is no path gives a query that matches nothing, or little.
    pub(crate) fn parse(text: &'a str) -> Self {
        Self {
            segments: parse_path(text.trim()),
        }
    }

    /// An identifier that the linkage name of every match contains; `None` if any may match.
    pub(crate) fn anchor(&self) -> Option<&'a str> {
        self.segments
            .iter()
            .rev()
            .find_map(|segment| match segment {
                Segment::Name { name, .. } if name.is_ascii() && !name.is_empty() => Some(*name),
                _ => None,
            })
    }

    /// The last segment without generic arguments; `text` is what was parsed.
    pub(crate) fn stem(&self, text: &'a str) -> &'a str {
        match self.segments.last() {
            Some(Segment::Name { name, .. }) => name,
            _ => text[last_segment(text)..].trim(),
        }
    }

    /// The name of every match, or of a scope around it; `text` is what was parsed.
    ///
    /// Closures are all called the same, but the functions they are in are not.
    pub(crate) fn landmark(&self, text: &'a str) -> &'a str {
        match self.segments.last() {
            Some(Segment::Brace { .. }) => self.anchor().unwrap_or(""),
            _ => self.stem(text),
        }
    }

    /// Whether `path` ends with this query.
    pub(crate) fn matches(&self, path: &str) -> bool {
        !self.segments.is_empty() && ends_with(&self.segments, &parse_path(path))
    }

    /// Whether the function whose demangled linkage name is `path` may match.
    ///
    /// Linkage names spell some things less precisely than debug information, or differently:
    /// generic arguments are missing, `{async_fn#0}` is a closure and `{impl#1}` is
    /// `<T as Trait>`.  Only plain names are compared here, as far as they go.
    pub(crate) fn may_match(&self, path: &str) -> bool {
        let loose: Vec<Segment<'_>> = self
            .segments
            .iter()
            .map(Segment::without_generics)
            .collect();
        let is_plain = |segment: &Segment<'_>| !matches!(segment, Segment::Brace { .. });
        if !loose.iter().all(is_plain) {
            return self.anchor().is_none_or(|name| path.contains(name));
        }
        let path = parse_path(path);
        ends_with(&loose, &path) || may_be_in_impl(&loose, &path)
    }
}
