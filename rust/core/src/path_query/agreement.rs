//! Comparison of a path that somebody typed with one that the compiler wrote.

use super::segment::{Segment, parse_path, split_top};

/// Paths nested deeper than this are not looked into.
const DEEPEST: u32 = 16;

/// Whether the segments of `path` end with those of `query`.
pub(super) fn ends_with(query: &[Segment<'_>], path: &[Segment<'_>]) -> bool {
    tails_agree(query, path, true, 0)
}

/// Whether `module::method` may mean `module::{impl#N}::method`, of which the linkage name
/// has only `<T as Trait>::method`: impls are written where the type or the trait is.
pub(super) fn may_be_in_impl(query: &[Segment<'_>], path: &[Segment<'_>]) -> bool {
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

/// Whether the rest of `path` ends with the rest of `query`, both read from the back.
///
/// `at_end` is true while nothing has been matched: what a path *is* cannot be left out.
fn tails_agree(query: &[Segment<'_>], path: &[Segment<'_>], at_end: bool, depth: u32) -> bool {
    let Some((wanted, more)) = query.split_last() else {
        return true;
    };
    let Some((present, outer)) = path.split_last() else {
        return false;
    };
    if depth > DEEPEST {
        return false;
    }
    let left_out = || !at_end && tails_agree(query, outer, false, depth);
    match present {
        Segment::Name { .. } => {
            names_agree(wanted, present, depth) && tails_agree(more, outer, false, depth)
        }
        Segment::Brace { .. } => {
            (names_agree(wanted, present, depth) && tails_agree(more, outer, false, depth))
                || left_out()
        }
        Segment::Impl {
            self_type,
            of_trait,
        } => {
            if let Segment::Impl { .. } = wanted {
                return impls_agree(wanted, self_type, *of_trait, depth) && more.is_empty();
            }
            let inside = |path: &str| tails_agree(query, &parse_path(path), true, depth + 1);
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
        && tails_agree(&parse_path(wanted), &parse_path(present), true, depth + 1)
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
