"""Removes a patient's names and IDs from a peer's comment, which ledgers and logs keep."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

PATIENT: Final = (
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "OtherPatientIDs",
    "OtherPatientNames",
)
"""The keywords of the values that are removed."""

_WORD: Final = re.compile(r"[^\s^=\\,*?]+")
_SHORTEST: Final = 3
"""The shortest word that is removed: every comment contains a patient's initials."""

_LETTER: Final = "[A-Za-z\xc0-\u024f]"
"""A letter of a script that has blanks between words: DOE is no part of `does`."""


_LONGEST: Final = 64
"""Characters of an Error Comment at most (VR LO; PS3.7 Annex C): peers cut longer ones."""


def discreet(comment: str, text_of: Callable[[str], str | None]) -> str:
    """Return a comment with `…` for every word of the patient's names and IDs.

    So ends a comment that its peer has cut within a word. `text_of` returns the patient's values
    by keyword, as `Header.text` does.
    """
    if len(comment) in (_LONGEST - 1, _LONGEST) and comment[-1].isalnum() and " " in comment:
        comment = f"{comment.rpartition(' ')[0]} …"
    if not comment:
        return comment
    patterns = {p: None for keyword in PATIENT for p in _patterns(text_of(keyword) or "")}
    if not patterns:
        return comment
    return re.sub(
        "|".join(sorted(patterns, key=len, reverse=True)), "…", comment, flags=re.IGNORECASE
    )


def _patterns(text: str) -> Iterator[str]:
    """Yield what finds a value whole, its words, and the words written together."""
    words = list(_WORD.finditer(text))
    joined = "".join(word[0] for word in words)
    reverse = "".join(word[0] for word in reversed(words))
    for whole in (text, joined, reverse):
        if len(whole) >= _SHORTEST:
            yield _pattern(whole)
    for word in words:
        if len(word[0]) >= _SHORTEST:
            yield _pattern(word[0], text[: word.start()][-1:], text[word.end() :][:1])


def _pattern(word: str, before: str = "", after: str = "") -> str:
    """Return what finds a word, but not within a longer one unless it has digits.

    Beside a wildcard, which stands `before` or `after` it, it is the whole of the longer word.
    """
    if re.search(r"\d", word):
        return re.escape(word)
    start, end = f"(?<!{_LETTER})", f"(?!{_LETTER})"
    more = f"{_LETTER}*"
    return (
        start + (more if before and before in "*?" else "") + re.escape(word)
        + (more if after and after in "*?" else "") + end
    )  # fmt: skip
