//! Paths taken apart into segments.

/// One segment of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Segment<'a> {
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
    /// This segment, with any generic arguments.
    pub(super) fn without_generics(&self) -> Self {
        match *self {
            Self::Name { name, .. } => Self::Name {
                name,
                generics: None,
            },
            other => other,
        }
    }
}

/// Takes a path apart; text that is no path gives odd segments, never an error.
pub(super) fn parse_path(path: &str) -> Vec<Segment<'_>> {
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

/// The text between `<` and `>` if those are the first and the last character.
fn angle_contents(text: &str) -> Option<&str> {
    text.strip_prefix('<')?.strip_suffix('>')
}

/// Offset of the last segment of a path.
pub(crate) fn last_segment(path: &str) -> usize {
    let last = split_top(path, "::").pop().unwrap_or(path);
    path.len() - last.len()
}

/// The parts of `text` between separators that are outside all brackets.
pub(super) fn split_top<'t>(text: &'t str, separator: &str) -> Vec<&'t str> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(at) = top_level_find(rest, separator) {
        parts.push(&rest[..at]);
        rest = &rest[at + separator.len()..];
    }
    parts.push(rest);
    parts
}

/// Offset at which `needle` first occurs outside all brackets.
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
