"""Sets of characters: what Java's classes, intersections and complements are made of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from msgspec import Struct

Range = tuple[int, int]
_LAST: Final = 0x10FFFF


class CharacterSet(Struct, frozen=True):
    """Characters by their code points: ascending ranges, both ends included, none adjacent."""

    ranges: tuple[Range, ...] = ()

    @classmethod
    def of(cls, ranges: Iterable[Range]) -> CharacterSet:
        """Return the characters of ranges in any order."""
        merged: list[Range] = []
        for first, last in sorted(ranges):
            if merged and first <= merged[-1][1] + 1:
                merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
            else:
                merged.append((first, last))
        return cls(tuple(merged))

    @classmethod
    def chars(cls, text: str) -> CharacterSet:
        """Return the characters of a text."""
        return cls.of((ord(char), ord(char)) for char in text)

    @classmethod
    def spelt(cls, *ranges: str) -> CharacterSet:
        """Return ranges that are written as `a-z`, and single characters."""
        return cls.of((ord(one[0]), ord(one[-1])) for one in ranges)

    def __or__(self, other: CharacterSet) -> CharacterSet:
        return CharacterSet.of(self.ranges + other.ranges)

    def __and__(self, other: CharacterSet) -> CharacterSet:
        return (self.complement() | other.complement()).complement()

    def complement(self) -> CharacterSet:
        """Return all other characters."""
        return CharacterSet(tuple(self._gaps()))

    def _gaps(self) -> Iterator[Range]:
        start = 0
        for first, last in self.ranges:
            if first > start:
                yield start, first - 1
            start = last + 1
        if start <= _LAST:
            yield start, _LAST

    def folded(self) -> CharacterSet:
        """Return the characters with the other case of each ASCII letter."""
        letters = [
            chr(code).swapcase()
            for first, last in self.ranges
            for code in range(first, min(last, 0x7F) + 1)
            if chr(code).isalpha()
        ]
        return self | CharacterSet.chars("".join(letters))

    @property
    def isascii(self) -> bool:
        """Whether all characters are ASCII."""
        return not self.ranges or self.ranges[-1][1] < 0x80

    def pattern(self) -> str:
        """Return a pattern that matches one of the characters."""
        if not self.ranges:
            return r"[^\s\S]"  # one character, like every class: look-behind counts it
        return f"[{''.join(_spelt(first, last) for first, last in self.ranges)}]"


def _spelt(first: int, last: int) -> str:
    one, other = re.escape(chr(first)), re.escape(chr(last))
    return one if first == last else f"{one}-{other}"
