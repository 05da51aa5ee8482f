"""Java's character classes: what is in brackets, and the escapes that stand for several."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from msgspec import Struct

from dicomferry.xnat.routing.java_cursor import Cursor
from dicomferry.xnat.routing.java_properties import POSIX, property_of
from dicomferry.xnat.routing.java_sets import CharacterSet

TERMINATOR = r"\u0085\u2028\u2029"
r"""The line terminators besides `\n` and `\r`."""

VERTICAL = rf"\n-\r{TERMINATOR}"

_NAME = re.compile(r"\{([\w=]+)\}")
_LETTER = re.compile(r"[A-Z]")
_WORDS = POSIX["Alnum"] | CharacterSet.chars("_")
_VERTICALS = CharacterSet.spelt("\n-\r", "\x85", "\u2028-\u2029")
_HORIZONTALS = CharacterSet.spelt(
    " ", "\t", "\xa0", "\u1680", "\u180e", "\u2000-\u200a", "\u202f", "\u205f", "\u3000"
)
_SETS: Final[Mapping[str, CharacterSet]] = MappingProxyType(
    {
        "d": POSIX["Digit"],
        "w": _WORDS,
        "s": POSIX["Space"],
        "h": _HORIZONTALS,
        "v": _VERTICALS,
    }
)
SET_LETTERS: Final = frozenset("dwshvDWSHV")
"""The letters behind a backslash that stand for a set of characters; upper case for all others."""


class Demands(Struct):
    """For which texts a translated pattern is right; gathered while it is read."""

    ascii_only: bool = False
    """For ASCII alone."""
    settled: bool = False
    """For characters that every release of Java gives the same category."""
    boundaries: bool = False
    """Not for combining accents: it looks for the bounds of words."""
    one_start: bool = False
    """Not to replace with: it looks for the end of the match before."""


class ClassReader:
    """Reads classes at a cursor; `flags` are those of the pattern at that place."""

    def __init__(self, cursor: Cursor, flags: frozenset[str], demands: Demands) -> None:
        self._cursor = cursor
        self._flags = flags
        self._demands = demands

    @property
    def _folds(self) -> bool:
        return "i" in self._flags

    def escape(self) -> CharacterSet:
        r"""Read a letter of `SET_LETTERS`, `p…` or `P…` and return its characters."""
        letter = self._cursor.next()
        found = self._property() if letter in "pP" else _SETS[letter.lower()]
        return found.complement() if letter.isupper() else found

    def _property(self) -> CharacterSet:
        name = self._cursor.match(_NAME)
        letter = None if name else self._cursor.match(_LETTER)
        text = name[1] if name else letter[0] if letter else ""
        found = property_of(text, folds=self._folds, unicode="U" in self._flags)
        if found is None:
            raise self._cursor.unforeseeable(r"this '\p{…}'")
        self._demands.ascii_only |= found.ascii_only
        self._demands.settled |= found.settled
        return found.characters

    def brackets(self) -> CharacterSet:
        """Read a class behind its opening bracket."""
        cursor = self._cursor
        negated = cursor.take("^")
        found, nested = self._operand(first=True)
        while cursor.take("&&"):
            nested = True
            if cursor.peek() == "&":
                raise cursor.unforeseeable("'&' behind an intersection")
            right, _ = self._operand(first=False)
            found &= right
        if not cursor.take("]"):
            raise cursor.wrong("unclosed character class")
        if negated and nested:
            # Java before 9 negates the first part alone
            raise cursor.unforeseeable("a class within a negated class")
        return found.complement() if negated else found

    def _operand(self, *, first: bool) -> tuple[CharacterSet, bool]:
        """Read up to `&&` or the closing bracket; tell whether a class is in it."""
        cursor = self._cursor
        found, empty, nested = CharacterSet(), True, False
        while not cursor.done and not cursor.sees("&&"):
            if cursor.peek() == "]" and not (empty and first):
                break
            if cursor.take("["):
                nested = True
                found |= self.brackets()
            else:
                found |= self._item()
            empty = False
        if empty and not cursor.done:
            raise cursor.unforeseeable("an intersection with nothing")
        return found, nested

    def _item(self) -> CharacterSet:
        first = self._atom()
        if isinstance(first, CharacterSet):
            return first
        cursor, last = self._cursor, first
        if cursor.peek() == "-" and cursor.peek(1) not in ("]", "[", ""):
            cursor.next()
            if cursor.sees("&&"):
                raise cursor.unforeseeable("a range up to an intersection")
            found = self._atom()
            if isinstance(found, CharacterSet) or found < first:
                raise cursor.wrong("illegal character range")
            last = found
        return self._folded(CharacterSet.of([(ord(first), ord(last))]))

    def _folded(self, characters: CharacterSet) -> CharacterSet:
        if not self._folds:
            return characters
        if "u" in self._flags and not characters.isascii:
            raise self._cursor.unforeseeable("the other case of characters outside of ASCII")
        return characters.folded()

    def _atom(self) -> str | CharacterSet:
        cursor = self._cursor
        if "x" in self._flags and cursor.peek() in BLANKS | {"#"}:
            raise cursor.unforeseeable("blanks within a class")
        char = cursor.next()
        if char != "\\":
            return char
        letter = cursor.peek()
        if letter in ("N", "R", "X"):
            raise cursor.unforeseeable(rf"'\{letter}' within a class")
        if letter and letter in SET_LETTERS | {"p", "P"}:
            return self.escape()
        return cursor.character()


BLANKS: Final = frozenset(" \t\n\x0b\f\r")
"""What the flag `x` lets a pattern have between its parts."""
