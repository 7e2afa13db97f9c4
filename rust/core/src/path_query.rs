//! Does a path end with what somebody typed?
//!
//! The rules are those of `Image.find_functions`: trailing segments count; generic arguments
//! may be left out; `{impl#N}` and `{closure#N}` inside a path may be left out; an impl
//! segment `<T as Trait>` is met by `<T as Trait>` with trailing parts of both, by `T` and by
//! `Trait`.

/// Whether `path` ends with the path `query`, by the rules of `Image::find_functions`.
pub fn path_matches(query: &str, path: &str) -> bool {
    PathQuery::parse(query).matches(path)
}

/// Paths nested deeper than this are not looked into.
const DEEPEST: u32 = 16;

/// A path that somebody typed, taken apart.
#[derive(Debug)]
pub(crate) struct PathQuery<'a> {
    segments: Vec<Segment<'a>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Segment<'a> {
    /// `name` or `name<A, B>`.
    Name {
        name: &'a str,
        generics: Option<&'a str>,
    },
    /// `{closure#0}`, `{{closure}}`, `{impl#3}`.
    Brace {
        what: &'a str,
        number: Option<&'a str>,
    },
    /// `<T as Trait>`, `<T>`, `<impl Trait for T>`.
    Impl {
        self_type: &'a str,
        of_trait: Option<&'a str>,
    },
}

impl Segment<'_> {
    fn without_generics(&self) -> Self {
        match *self {
            Self::Name { name, .. } => Self::Name {
                name,
                generics: None,
            },
            other => other,
        }
    }
}

impl<'a> PathQuery<'a> {
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
        !self.segments.is_empty() && ends_with(&self.segments, &parse_path(path), true, 0)
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
        ends_with(&loose, &path, true, 0) || may_be_in_impl(&loose, &path)
    }
}

/// Whether `module::method` may mean `module::{impl#N}::method`, of which the linkage name
/// has only `<T as Trait>::method`: impls are written where the type or the trait is.
fn may_be_in_impl(query: &[Segment<'_>], path: &[Segment<'_>]) -> bool {
    let ([.., module, method], [.., outer, name]) = (query, path) else {
        return false;
    };
    let Segment::Impl {
        self_type,
        of_trait,
    } = outer
    else {
        return false;
    };
    let mentions = |path: &str| {
        parse_path(path)
            .iter()
            .any(|segment| names_agree(module, segment, 0))
    };
    names_agree(method, name, 0) && (mentions(self_type) || of_trait.is_some_and(mentions))
}

/// Whether the segments of `path` end with those of `query`.
///
/// `at_end` is true while nothing has been matched: what a path *is* cannot be left out.
fn ends_with(query: &[Segment<'_>], path: &[Segment<'_>], at_end: bool, depth: u32) -> bool {
    let Some((wanted, more)) = query.split_last() else {
        return true;
    };
    let Some((present, outer)) = path.split_last() else {
        return false;
    };
    if depth > DEEPEST {
        return false;
    }
    let left_out = || !at_end && ends_with(query, outer, false, depth);
    match present {
        Segment::Name { .. } => {
            names_agree(wanted, present, depth) && ends_with(more, outer, false, depth)
        }
        Segment::Brace { .. } => {
            (names_agree(wanted, present, depth) && ends_with(more, outer, false, depth))
                || left_out()
        }
        Segment::Impl {
            self_type,
            of_trait,
        } => {
            if let Segment::Impl { .. } = wanted {
                return impls_agree(wanted, self_type, *of_trait, depth) && more.is_empty();
            }
            let inside = |path: &str| ends_with(query, &parse_path(path), true, depth + 1);
            inside(self_type) || of_trait.is_some_and(inside) || left_out()
        }
    }
}

fn names_agree(wanted: &Segment<'_>, present: &Segment<'_>, depth: u32) -> bool {
    match (wanted, present) {
        (
            Segment::Name { name, generics },
            Segment::Name {
                name: other,
                generics: arguments,
            },
        ) => {
            name == other
                && generics.is_none_or(|wanted| {
                    arguments.is_some_and(|present| arguments_agree(wanted, present, depth))
                })
        }
        (
            Segment::Brace { what, number },
            Segment::Brace {
                what: other,
                number: present,
            },
        ) => what == other && (number.is_none() || present.is_none() || number == present),
        _ => false,
    }
}

fn impls_agree(wanted: &Segment<'_>, self_type: &str, of_trait: Option<&str>, depth: u32) -> bool {
    let Segment::Impl {
        self_type: wanted_type,
        of_trait: wanted_trait,
    } = wanted
    else {
        return false;
    };
    types_agree(wanted_type, self_type, depth)
        && wanted_trait.is_none_or(|wanted| {
            of_trait.is_some_and(|present| types_agree(wanted, present, depth))
        })
}

/// Whether two types are the same text, or the one is a trailing part of the other's path.
fn types_agree(wanted: &str, present: &str, depth: u32) -> bool {
    if same_text(wanted, present) {
        return true;
    }
    let (wanted_sigil, wanted) = split_sigil(wanted);
    let (sigil, present) = split_sigil(present);
    same_text(wanted_sigil, sigil)
        && ends_with(&parse_path(wanted), &parse_path(present), true, depth + 1)
}

/// The `&mut `, `*const ` and the like in front of a type, and the rest of it.
fn split_sigil(text: &str) -> (&str, &str) {
    let mut rest = text.trim_start();
    loop {
        let shorter = ["&", "*const ", "*mut ", "mut ", "dyn "]
            .iter()
            .find_map(|sigil| rest.strip_prefix(sigil));
        match shorter {
            Some(shorter) => rest = shorter.trim_start(),
            None => return (&text[..text.len() - rest.len()], rest),
        }
    }
}

/// Whether generic arguments agree one by one; arguments at the end may be left out.
fn arguments_agree(wanted: &str, present: &str, depth: u32) -> bool {
    let present = split_top(present, ",");
    let wanted = split_top(wanted, ",");
    wanted.len() <= present.len()
        && wanted
            .iter()
            .zip(&present)
            .all(|(wanted, present)| types_agree(wanted.trim(), present.trim(), depth))
}

/// Whether two texts are equal but for spaces.
pub(crate) fn same_text(one: &str, other: &str) -> bool {
    let solid = |text: &'_ str| {
        text.bytes()
            .filter(|byte| *byte != b' ')
            .collect::<Vec<_>>()
    };
    one == other || solid(one) == solid(other)
}

fn parse_path(path: &str) -> Vec<Segment<'_>> {
    let mut segments: Vec<Segment<'_>> = Vec::new();
    for text in split_top(path, "::") {
        let text = text.trim();
        // A turbofish belongs to the name before it.
        if let Some(Segment::Name { generics, .. }) = segments.last_mut()
            && generics.is_none()
            && let Some(inner) = angle_contents(text)
            && !inner.starts_with("impl ")
            && top_level_find(inner, " as ").is_none()
        {
            *generics = Some(inner);
            continue;
        }
        segments.extend((!text.is_empty()).then(|| parse_segment(text)));
    }
    segments
}

fn parse_segment(text: &str) -> Segment<'_> {
    if let Some(inner) = angle_contents(text) {
        return parse_impl(inner);
    }
    if let Some(inner) = text
        .strip_prefix('{')
        .and_then(|text| text.strip_suffix('}'))
    {
        let inner = inner.trim_start_matches('{').trim_end_matches('}');
        let (what, number) = match inner.split_once('#') {
            Some((what, number)) => (what, Some(number)),
            None => (inner, None),
        };
        return Segment::Brace { what, number };
    }
    // A C++ parameter list is no part of the name.
    let text = match text.find('(') {
        Some(at) if at > 0 => &text[..at],
        _ => text,
    };
    let text = text.strip_prefix("r#").unwrap_or(text);
    match text.find('<') {
        Some(at) if at > 0 => Segment::Name {
            name: &text[..at],
            generics: angle_contents(&text[at..]),
        },
        _ => Segment::Name {
            name: text,
            generics: None,
        },
    }
}

fn parse_impl(inner: &str) -> Segment<'_> {
    if let Some(of_impl) = inner.strip_prefix("impl ") {
        return match top_level_find(of_impl, " for ") {
            Some(at) => Segment::Impl {
                self_type: &of_impl[at + 5..],
                of_trait: Some(&of_impl[..at]),
            },
            None => Segment::Impl {
                self_type: of_impl,
                of_trait: None,
            },
        };
    }
    match top_level_find(inner, " as ") {
        Some(at) => Segment::Impl {
            self_type: &inner[..at],
            of_trait: Some(&inner[at + 4..]),
        },
        None => Segment::Impl {
            self_type: inner,
            of_trait: None,
        },
    }
}

/// What is between `<` and `>` if those are the first and the last character.
fn angle_contents(text: &str) -> Option<&str> {
    text.strip_prefix('<')?.strip_suffix('>')
}

/// Where the last segment of a path begins.
pub(crate) fn last_segment(path: &str) -> usize {
    let last = split_top(path, "::").pop().unwrap_or(path);
    path.len() - last.len()
}

fn split_top<'t>(text: &'t str, separator: &str) -> Vec<&'t str> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(at) = top_level_find(rest, separator) {
        parts.push(&rest[..at]);
        rest = &rest[at + separator.len()..];
    }
    parts.push(rest);
    parts
}

/// Where `needle` first occurs outside all brackets.
fn top_level_find(text: &str, needle: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut depth = 0_usize;
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            _ if depth == 0 && bytes[at..].starts_with(needle.as_bytes()) => return Some(at),
            b'<' | b'(' | b'[' | b'{' => depth += 1,
            // The arrow of a function type closes nothing.
            b'>' if at > 0 && matches!(bytes[at - 1], b'-' | b'=') => {}
            b'>' | b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::PathQuery;

    #[track_caller]
    fn check(query: &str, path: &str, expected: bool) {
        let matches = PathQuery::parse(query).matches(path);
        assert_eq!(matches, expected, "{query} against {path}");
    }

    #[test]
    fn trailing_segments_match() {
        check("norm2", "all::Point::norm2", true);
        check("Point::norm2", "all::Point::norm2", true);
        check("all::Point::norm2", "all::Point::norm2", true);
        check("oint::norm2", "all::Point::norm2", false);
        check("norm", "all::Point::norm2", false);
        check("other::all::Point::norm2", "all::Point::norm2", false);
        check("", "all::main", false);
    }

    #[test]
    fn generics_may_be_left_out_or_given() {
        check("generic", "all::generic::<&str>", true);
        check("generic", "all::generic<&str>", true);
        check("generic::<&str>", "all::generic<&str>", true);
        check("generic<u8>", "all::generic<&str>", false);
        check(
            "Vec<i32>::push",
            "alloc::vec::Vec<i32, alloc::alloc::Global>::push",
            true,
        );
        check("Vec<i32>::push", "<alloc::vec::Vec<i32>>::push", true);
        check("Vec::push", "<alloc::vec::Vec<i32>>::push", true);
        check("f::<String>", "a::f::<alloc::string::String>", true);
        check("f::<String>", "a::f::<&alloc::string::String>", false);
        check("f::<&String>", "a::f::<&alloc::string::String>", true);
        check(
            "Option<&Vec<u8>>",
            "core::option::Option<&alloc::vec::Vec<u8>>",
            true,
        );
        check(
            "Option<Vec<u8>>",
            "core::option::Option<alloc::vec::Vec<u16>>",
            false,
        );
        check("Option<(u8, u16)>", "core::option::Option<(u8, u16)>", true);
    }

    #[test]
    fn impl_segments() {
        let path = "<all::Dog as all::Animal>::name";
        check("<Dog as Animal>::name", path, true);
        check("<all::Dog as Animal>::name", path, true);
        check("<Dog>::name", path, true);
        check("Dog::name", path, true);
        check("all::Dog::name", path, true);
        check("Animal::name", path, true);
        check("name", path, true);
        check("Cat::name", path, false);
        check("<Cat as Animal>::name", path, false);
        check("<Dog as Plant>::name", path, false);
        check(
            "<&Dog as Animal>::name",
            "<&all::Dog as all::Animal>::name",
            true,
        );
        check(
            "<Dog as Animal>::name",
            "<&all::Dog as all::Animal>::name",
            false,
        );
        check(
            "Debug::fmt",
            "core::fmt::num::<impl core::fmt::Debug for u32>::fmt",
            true,
        );
        check(
            "u32::fmt",
            "core::fmt::num::<impl core::fmt::Debug for u32>::fmt",
            true,
        );
        check("slice::to_vec", "alloc::slice::<impl [T]>::to_vec", true);
        check("From::from", "<T as core::convert::From<U>>::from", true);
    }

    #[test]
    fn brace_segments_may_be_left_out_inside() {
        check("all::name", "all::{impl#1}::name", true);
        check("{impl#1}::name", "all::{impl#1}::name", true);
        check("{impl#2}::name", "all::{impl#1}::name", false);
        check("main::inner", "all::main::{closure#0}::inner", true);
        check("main::{closure#0}", "all::main::{closure#0}", true);
        check("main::{closure}", "all::main::{closure#7}", true);
        check("main::{closure#0}", "all::main::{{closure}}", true);
        check("main", "all::main::{closure#0}", false);
    }

    #[test]
    fn arrows_and_odd_text() {
        check("call", "<fn(u8) -> u8 as core::ops::Fn<(u8,)>>::call", true);
        check("foo", "ns::foo(int)", true);
        check("x", "<<<<>>>>::x", true);
        check("type", "a::type", true);
        check("r#type", "a::type", true);
        check("a<", ">b::a<", true);
    }

    #[test]
    fn the_anchor_is_the_last_plain_name() {
        assert_eq!(PathQuery::parse("a::b::<c>").anchor(), Some("b"));
        assert_eq!(PathQuery::parse("a::{closure#0}").anchor(), Some("a"));
        assert_eq!(PathQuery::parse("{closure#0}").anchor(), None);
    }
}
