"""Signatures of the table as Rust writes them, for readers.

The table names iterators for what they can, and has traits that say in one word what Rust
says with associated types.
"""

from __future__ import annotations

import re

_ITERATORS = {
    "Ends": "impl DoubleEndedIterator<Item = {}>",
    "Length": "impl ExactSizeIterator<Item = {}>",
    "Exact": "impl DoubleEndedIterator<Item = {0}> + ExactSizeIterator<Item = {0}>",
    "Peekable": "Peekable<impl Iterator<Item = {}>>",
    "Shown": "impl DoubleEndedIterator<Item = {0}> + ExactSizeIterator<Item = {0}> + Display",
    "Escaped": "impl Iterator<Item = {}> + Display",
    **dict.fromkeys(
        ("Iter", "Like", "Thin", "Counted", "Zipped", "Walk", "Searched", "Once"),
        "impl Iterator<Item = {}>",
    ),
}
_TRAITS = {
    r"impl BorrowOf<(\w+)>": r"&(impl ?Sized where \1: Borrow<_>)",
    r"impl TextRange\b": "impl SliceIndex<str>",
    r"impl SlicePattern<(\w+)>": r"&[\1]",
    r"impl CharPattern\b": "impl Pattern",
    r"impl ExtendingText\b": "impl IntoIterator<Item = char>",
    r"impl Extending<(\w+)>": r"impl IntoIterator<Item = \1>",
    r"\bExtended<(\w+)>": r"Default + Extend<\1>",
    r"\bSliceIndex<(\w+), (\w+)>": r"SliceIndex<[\1], Output = \2>",
    r"\bAsRefTo<": "AsRef<",
    r"\bPartialEq \+ Equals<": "PartialEq<",
    r"\bEquals<": "PartialEq<",
    r"\bFromStr<(\w+)>": r"FromStr<Err = \1>",
    r"\bTryFrom<(\w+), (\w+)>": r"TryFrom<\1, Error = \2>",
    r"\bIntoIterator<(\w+)>": r"IntoIterator<Item = \1>",
    r"where T: Join<(\w+), (\w+)>": r"where [T]: Join<\1, Output = \2>",
    r"where T: Concat<(\w+)>": r"where [T]: Concat<_, Output = \1>",
    r"\bTry<([\w()]+)>": r"Try<Output = \1>",
    r"\bEntry<K, V, Self>": "Entry<K, V>",
    r"\bMemoryOrdering\b": "atomic::Ordering",
}
_BORROWED = re.compile(r"&\(impl \?Sized where (\w+): Borrow<_>\)")


def as_rust(text: str) -> str:
    """Write a signature of the table as Rust does.

    Example:
        >>> as_rust("fn map<B>(self, f: impl FnMut(T) -> B) -> Like<B>")
        'fn map<B>(self, f: impl FnMut(T) -> B) -> impl Iterator<Item = B>'
        >>> as_rust("fn get(&self, k: impl BorrowOf<K>) -> Option<&V>")
        'fn get<Q>(&self, k: &Q) -> Option<&V> where K: Borrow<Q>'
    """
    head, arrow, result = text.rpartition(" -> ")
    for name, written in _ITERATORS.items():
        if result.startswith(f"{name}<"):
            item, rest = _argument(result.removeprefix(f"{name}<"))
            text = f"{head}{arrow}{written.format(item)}{rest}"
    for pattern, written in _TRAITS.items():
        text = re.sub(pattern, written, text)
    borrowed = _BORROWED.search(text)
    if borrowed is None:
        return text
    text = _BORROWED.sub("&Q", text).replace("(", "<Q>(", 1)
    return f"{text} where {borrowed.group(1)}: Borrow<Q>"


def _argument(text: str) -> tuple[str, str]:
    """Cut a text after the ``>`` that closes what began before it."""
    depth = 1
    for at, char in enumerate(text):
        depth += {"<": 1, ">": -1}.get(char, 0)
        if not depth:
            return text[:at], text[at + 1 :]
    return text, ""
