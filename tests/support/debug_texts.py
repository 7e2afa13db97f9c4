"""Our texts of values beside those of the program's own ``Debug``."""

from __future__ import annotations


def unboxed(text: str) -> str:
    """Our text without what ``Debug`` does not print; the values hold no bracket and no ``&``."""
    text = text.replace("&mut ", "").replace("&", "")
    while (start := text.find("Box(")) >= 0:
        depth, end = 1, start + 4
        while depth:
            depth += {"(": 1, ")": -1}.get(text[end], 0)
            end += 1
        text = text[:start] + text[start + 4 : end - 1] + text[end:]
    return text
