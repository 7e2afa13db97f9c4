//! Comparison of a path that somebody typed with one that the compiler wrote.

use super::segment::{Segment, parse_path, split_top};

/// Paths nested deeper than this are not looked into.
const DEEPEST: u32 = 16;

/// Whether the segments of `path` end with those of `query`.
pub(super) fn ends_with(query: &[Segment<'_>], path: &[Segment<'_>]) -> bool {
    tail_agrees(query, path, 0)
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

fn tail_agrees(query: &[Segment<'_>], path: &[Segment<'_>], depth: u32) -> bool {
    let mut open = vec![false; query.len() + 1];
    open[query.len()] = true;
    any_tail_agrees(query, open, path, depth)
}

/// Whether `path` ends with the first `n` segments of `query`, for any `n` that is `open`.
///
/// The path is read from the back.  Since parts of it may be left out, there are several ways
/// to read it; all of them are followed at once, each told by how much of the query is left.
fn any_tail_agrees(
    query: &[Segment<'_>],
    mut open: Vec<bool>,
    path: &[Segment<'_>],
    depth: u32,
) -> bool {
    if depth > DEEPEST {
        return false;
    }
    let mut may_leave_out = false;
    for present in path.iter().rev() {
        if open[0] {
            return true;
        }
        let mut next = vec![false; open.len()];
        let mut inside = vec![false; open.len()];
        for left in (1..open.len()).filter(|left| open[*left]) {
            let wanted = &query[left - 1];
            match (present, wanted) {
                (Segment::Impl { .. }, Segment::Impl { .. }) => {
                    next[0] |= left == 1 && impls_agree(wanted, present, depth);
                }
                (Segment::Impl { .. }, _) => {
                    inside[left] = true;
                    next[left] |= may_leave_out;
                }
                (Segment::Brace { what, .. }, _) => {
                    next[left - 1] |= names_agree(wanted, present, depth);
                    next[left] |= may_leave_out && !is_of_kind(query, what);
                }
                (Segment::Name { .. }, _) => {
                    next[left - 1] |= names_agree(wanted, present, depth);
                }
            }
        }
        if inside.contains(&true) && is_inside_impl(query, &inside, present, depth) {
            return true;
        }
        if !next.contains(&true) {
            return false;
        }
        open = next;
        // What a path *is*, its last segment, cannot be left out.
        may_leave_out = true;
    }
    open[0]
}

/// Whether a query means something like `{closure#0}`: one inside of another is another.
fn is_of_kind(query: &[Segment<'_>], what: &str) -> bool {
    matches!(query.last(), Some(Segment::Brace { what: wanted, .. }) if *wanted == what)
}

/// Whether the type or the trait of an impl ends with one of the `open` parts of `query`.
fn is_inside_impl(query: &[Segment<'_>], open: &[bool], present: &Segment<'_>, depth: u32) -> bool {
    let Segment::Impl {
        self_type,
        of_trait,
    } = present
    else {
        return false;
    };
    let ends = |path: &str| any_tail_agrees(query, open.to_vec(), &parse_path(path), depth + 1);
    ends(self_type) || of_trait.is_some_and(ends)
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

fn impls_agree(wanted: &Segment<'_>, present: &Segment<'_>, depth: u32) -> bool {
    let (
        Segment::Impl {
            self_type: wanted_type,
            of_trait: wanted_trait,
        },
        Segment::Impl {
            self_type,
            of_trait,
        },
    ) = (wanted, present)
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
        && tail_agrees(&parse_path(wanted), &parse_path(present), depth + 1)
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
