"""`Project:P1 Subject:S1 Session:E1 AA:true` in a comment, as XNAT reads it."""

from __future__ import annotations

import re
from enum import StrEnum
from functools import cache

_ANY = r"[^\n\r\u0085\u2028\u2029]*"
"""Java's `.*`, which no line terminator ends up in."""


class Key(StrEnum):
    """What a comment can assign."""

    PROJECT = "Project"
    SUBJECT = "Subject"
    SESSION = "Session"
    AA = "AA"


@cache
def _pattern(key: Key) -> re.Pattern[str]:
    start = rf"(?:|{_ANY}[\s,;])"
    end = rf"(?:[\s,;]{_ANY})?"
    return re.compile(rf"{start}{key}\s*:\s*([\w\-]*){end}", re.ASCII | re.IGNORECASE)


def assigned(key: Key, comment: str) -> str | None:
    """Return what `comment` assigns to `key`: None without an assignment, "" for an empty one.

    XNAT's `ContainedAssignmentExtractor`: only whitespace, `,` and `;` separate, a value with any
    other character than ASCII letters, digits, `_` and `-` makes the whole key fail, and text of
    several lines loses keys.
    """
    match = _pattern(key).fullmatch(comment)
    return match[1] if match else None
