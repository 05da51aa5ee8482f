"""Java's character classes, translated into Python's."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from dicomferry.xnat.routing.java_cursor import Cursor

TERMINATOR = r"\u0085\u2028\u2029"
r"""The line terminators besides `\n` and `\r`."""

VERTICAL = rf"\n-\r{TERMINATOR}"
HORIZONTAL = r" \t\xa0\u1680\u180e\u2000-\u200a\u202f\u205f\u3000"

_NAME = re.compile(r"\{(\w+)\}")
_POSIX: Mapping[str, str] = MappingProxyType(
    {
        "Lower": "a-z",
        "Upper": "A-Z",
        "ASCII": r"\x00-\x7f",
        "Alpha": "a-zA-Z",
        "Digit": "0-9",
        "Alnum": "a-zA-Z0-9",
        "Punct": r"!-/:-@\[-`{-~",
        "Graph": "!-~",
        "Print": r"\ -~",
        "Blank": r"\ \t",
        "Cntrl": r"\x00-\x1f\x7f",
        "XDigit": "0-9a-fA-F",
        "Space": r"\ \t-\r",
    }
)
"""Java's POSIX classes hold ASCII only."""


def read_posix(cursor: Cursor, *, folds: bool) -> str:
    r"""Read `p{Name}` or `P{Name}` and return its characters, as inside brackets.

    `folds` says that the pattern ignores case. `Lower` and `Upper` then raise
    `UnforeseeableError`: their meaning depends on the version of Java.
    """
    cursor.next()
    name = cursor.match(_NAME)
    found = _POSIX.get(name[1]) if name else None
    if found is None or (folds and found in ("a-z", "A-Z")):
        raise cursor.unforeseeable(r"this '\p{…}'")
    return found


def read_class(cursor: Cursor, *, folds: bool) -> str:
    """Read a character class behind its opening bracket and return Python's class."""
    negation = "^" if cursor.take("^") else ""
    items: list[str] = []
    while not (items and cursor.peek() == "]"):
        if cursor.done:
            raise cursor.wrong("unclosed character class")
        items.append(_item(cursor, folds=folds))
    cursor.next()
    return f"[{negation}{''.join(items)}]"


def _item(cursor: Cursor, *, folds: bool) -> str:
    first = _atom(cursor, folds=folds)
    if len(first) > 1:
        return first
    if cursor.peek() != "-" or cursor.peek(1) in ("]", "[", ""):
        return re.escape(first)
    cursor.next()
    last = _atom(cursor, folds=folds)
    if len(last) > 1 or last < first:
        raise cursor.wrong("illegal character range")
    return f"{re.escape(first)}-{re.escape(last)}"


def _atom(cursor: Cursor, *, folds: bool) -> str:
    """Return one character, or the text of a set as inside brackets."""
    if cursor.sees("[") or cursor.sees("&&"):
        raise cursor.unforeseeable("a class within a class")
    char = cursor.next()
    if char != "\\":
        return char
    letter = cursor.peek()
    if letter in ("H", "V", "P", "N", "R", "X"):
        raise cursor.unforeseeable(rf"'\{letter}' within a class")
    if letter == "p":
        return read_posix(cursor, folds=folds)
    if letter in ("h", "v"):
        cursor.next()
        return HORIZONTAL if letter == "h" else VERTICAL
    if letter and letter in "dDwWsS":
        return "\\" + cursor.next()
    return cursor.character()
