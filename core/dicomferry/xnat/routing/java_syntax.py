"""The translator of Java patterns into Python's: a recursive descent parser."""

from __future__ import annotations

import re
from collections.abc import Callable

from dicomferry.xnat.routing.java_classes import (
    BLANKS,
    SET_LETTERS,
    TERMINATOR,
    VERTICAL,
    ClassReader,
    Demands,
)
from dicomferry.xnat.routing.java_cursor import Cursor
from dicomferry.xnat.routing.java_errors import JavaSyntaxError

_QUANTIFIER = re.compile(r"(?:[*+?]|\{(\d+)(?:,(\d*))?\})[?+]?", re.ASCII)
_COUNT = re.compile(r"\{(\d+)(?:,(\d*))?\}[?+]?", re.ASCII)
_PLAIN_GROUP = re.compile(r"\((?:\?P<\w+>)?[^()|*+?{]*\)")
"""A group of which Java takes back what it holds, also where it is repeated possessively."""

_NAME = re.compile(r"<([a-zA-Z][a-zA-Z0-9]*)>")
_COMMENT = re.compile(rf"[^\n\r{TERMINATOR}]*")
_FLAGS = re.compile(r"\?([a-zA-Z]*)(?:-([a-zA-Z]*))?([:)])")
_LOOK_BEHIND = ("?<=", "?<!")
_NEGATIVE = ("?!", "?<!")
_OPENINGS = (*_LOOK_BEHIND, "?:", "?=", "?!", "?>")
_END = rf"(?=(?:\r\n|(?<!\r)\n|[\r{TERMINATOR}])?\Z)"
_LINE_END = rf"(?:(?=[\r{TERMINATOR}])|(?<!\r)(?=\n)|\Z)"
_LINE_START = rf"(?:(?!\Z)(?:\A|(?<=[\n{TERMINATOR}])|(?<=\r)(?!\n)))"
_ESCAPES = {
    "A": r"\A",
    "z": r"\Z",
    "G": r"\A",  # where a complete match begins; there is only one
    "X": r"(?>\r\n|[\s\S])",  # of ASCII, which has no other clusters
    "R": rf"(?:\r\n|[{VERTICAL}])",
    # `\b` of Java before 19 uses Unicode's words, although `\w` is ASCII
    "b": r"(?u:\b)",
    "B": r"(?!(?u:\b))",
}


_ONE_BREAK = rf"(?>\r\n|[{VERTICAL}])"

_REPEATED = {_ESCAPES["R"]: _ONE_BREAK, r"\A": r"(?:\A)", r"\Z": r"(?:\Z)"}
"""What is repeated in other words: Java does not go back into a line break, and Python repeats no
anchor of its own."""


class Translator:
    """Translates one Java pattern into a Python pattern for `re.ASCII`; used once.

    `demands` say, once it is translated, for which texts it is right.
    """

    def __init__(self, source: str) -> None:
        self._cursor = Cursor(source)
        self._flags: frozenset[str] = frozenset()
        self._groups = 0
        self._references = 0
        self._lazy = 0
        self._unbounded = 0
        self._doubt = ""
        self._spaced = False
        self.demands = Demands()

    def translate(self) -> str:
        """Return the Python pattern; raises as `java_pattern` does."""
        try:
            pattern = self._expression()
            if not self._cursor.done:
                raise self._cursor.wrong("unmatched ')'")
        except JavaSyntaxError:
            if self._spaced:
                raise self._cursor.unforeseeable("blanks in odd places") from None
            raise
        if self._doubt:
            raise self._cursor.unforeseeable(self._doubt)
        return pattern

    def _folded(self, atom: str) -> str:
        if {"i", "u"} <= self._flags and not atom.isascii():
            raise self._cursor.unforeseeable("the other case of characters outside of ASCII")
        return f"(?i:{atom})" if "i" in self._flags else atom

    def _expression(self) -> str:
        out: list[str] = []
        while True:
            self._skip_blanks()
            if self._cursor.peek() in ("", ")"):
                break
            if self._cursor.take("|"):
                out.append("|")
                continue
            groups, lazy = self._groups, self._lazy
            atom = self._atom()
            captures = self._groups > groups
            lazily = captures and self._lazy > lazy
            out.append(self._closure(atom, captures=captures, lazily=lazily))
        return "".join(out)

    def _closure(self, atom: str, *, captures: bool, lazily: bool) -> str:
        """Return `atom` with the quantifier behind it, if there is one.

        `captures` tells that it has a group, `lazily` that a lazy repetition is in it, too.
        """
        cursor = self._cursor
        self._skip_blanks()
        quantifier = cursor.match(_QUANTIFIER)
        if quantifier is None:
            if cursor.peek() == "{":
                raise cursor.wrong("illegal repetition")
            return atom
        if not atom and quantifier[1]:
            raise cursor.unforeseeable("a repetition of flags")
        if not atom or cursor.peek() in ("*", "+", "?"):
            raise cursor.wrong("dangling quantifier")
        if quantifier[2] and int(quantifier[2]) < int(quantifier[1]):
            raise cursor.wrong("illegal repetition range")
        if self._skip_blanks() and cursor.peek() in tuple("?+*{"):
            raise cursor.unforeseeable("blanks in a quantifier")
        while again := cursor.match(_COUNT):
            # Java reads these as repetitions of nothing.
            if again[2] and int(again[2]) < int(again[1]):
                raise cursor.wrong("illegal repetition range")
            if self._skip_blanks() or cursor.peek() in ("*", "+", "?"):
                raise cursor.unforeseeable("a repetition of a repetition")
        if cursor.peek() == "{":
            raise cursor.wrong("illegal repetition")
        possessive = len(quantifier[0]) > 1 and quantifier[0].endswith("+")
        stays = possessive and captures and not _PLAIN_GROUP.fullmatch(atom)
        if (quantifier[1] and lazily) or stays:
            # what such a group holds in the end depends on how Java goes back
            self._doubt = "a possessive repetition of a group, or a counted one of a lazy group"
        self._unbounded += quantifier[0][0] in "*+" or quantifier[2] == ""
        self._lazy += len(quantifier[0]) > 1 and quantifier[0].endswith("?")
        return _REPEATED.get(atom, atom) + quantifier[0]

    def _atom(self) -> str:
        special: dict[str, Callable[[], str]] = {
            "(": self._group,
            "[": lambda: self._classes().brackets().pattern(),
            "\\": self._escape,
            ".": self._dot,
            "^": lambda: _LINE_START if "m" in self._flags else r"\A",
            "$": self._dollar,
        }
        char = self._cursor.next()
        if char in "*+?{":
            raise self._cursor.wrong(f"dangling {char!r}")
        return special[char]() if char in special else self._folded(re.escape(char))

    def _dot(self) -> str:
        if "s" in self._flags:
            return r"[\s\S]"
        return r"[^\n]" if "d" in self._flags else rf"[^\n\r{TERMINATOR}]"

    def _dollar(self) -> str:
        if "m" not in self._flags:
            return self._end()
        return r"(?=\n|\Z)" if "d" in self._flags else _LINE_END

    def _end(self) -> str:
        """Return a pattern for the end of the text, or for a line terminator at the end."""
        return r"(?=\n?\Z)" if "d" in self._flags else _END

    def _group(self) -> str:
        outside, references, groups = self._flags, self._references, self._groups
        unbounded = self._unbounded
        if "x" in self._flags and self._cursor.peek() in BLANKS | {"#"}:
            raise self._cursor.unforeseeable("blanks at the beginning of a group")
        opening = self._opening()
        if opening is None:
            return ""
        body = self._expression()
        if not self._cursor.take(")"):
            raise self._cursor.wrong("unclosed group")
        if opening in _LOOK_BEHIND and self._references > references:
            raise self._cursor.unforeseeable("a reference behind the position")
        if opening in _LOOK_BEHIND and self._unbounded > unbounded:
            self._doubt = "an unlimited repetition behind the position"
        if opening in _NEGATIVE and self._groups > groups:
            # Java sometimes keeps the text of such a group, Python never does
            raise self._cursor.unforeseeable("a group that must not match")
        self._flags = outside
        return f"({opening}{body})"

    def _opening(self) -> str | None:
        """Return Python's text behind the opening parenthesis; None for flags without a group."""
        cursor = self._cursor
        if cursor.peek() != "?":
            self._groups += 1
            return ""
        for opening in _OPENINGS:
            if cursor.take(opening):
                return opening
        if flags := cursor.match(_FLAGS):
            self._set_flags(flags[1], flags[2] or "")
            return "?:" if flags[3] == ":" else None
        cursor.next()
        if name := cursor.match(_NAME):
            self._groups += 1
            return f"?P<{name[1]}>"
        raise cursor.wrong("unknown group")

    def _set_flags(self, on: str, off: str) -> None:
        if set(on + off) - set("ismdxuU"):
            raise self._cursor.wrong("unknown flag")
        if "U" in off or ("U" in self._flags and "u" in off):
            raise self._cursor.unforeseeable("the end of the flag 'U'")
        # Java's `U` switches `u` on, too.
        also = "u" if "U" in on else ""
        self._flags = (self._flags | set(on + also)) - set(off)
        self._spaced |= "x" in on
        # Beyond ASCII, letters, digits and cases are as many as the release of Java knows.
        self.demands.ascii_only |= "U" in self._flags or {"i", "u"} <= self._flags

    def _skip_blanks(self) -> bool:
        """Pass blanks and comments where the flag `x` allows them; tell whether there were any."""
        if "x" not in self._flags:
            return False
        cursor, found = self._cursor, False
        while cursor.peek() and cursor.peek() in BLANKS | {"#"}:
            found = True
            if cursor.next() == "#":
                cursor.match(_COMMENT)
        return found

    def _classes(self) -> ClassReader:
        return ClassReader(self._cursor, self._flags, self.demands)

    def _escape(self) -> str:
        cursor = self._cursor
        char = cursor.peek()
        if char == "N" or cursor.sees("b{"):
            raise cursor.unforeseeable(rf"'\{char}'")
        if cursor.take("Z"):
            return self._end()
        if char in _ESCAPES:
            self.demands.boundaries |= char in "bB"
            self.demands.ascii_only |= char == "X"
            self.demands.one_start |= char == "G"
            cursor.next()
            return _ESCAPES[char]
        if char and char in SET_LETTERS | {"p", "P"}:
            return self._classes().escape().pattern()
        if cursor.take("k"):
            return self._named_reference()
        if char and char in "123456789":
            return self._reference()
        return self._folded(re.escape(cursor.character()))

    def _named_reference(self) -> str:
        name = self._cursor.match(_NAME)
        if name is None:
            raise self._cursor.wrong(r"'\k' without a group's name")
        self._references += 1
        return self._folded(f"(?P={name[1]})")

    def _reference(self) -> str:
        """Read digits as long as they make the number of an existing group."""
        cursor = self._cursor
        number = int(cursor.next())
        while cursor.peek() in tuple("0123456789"):
            if number * 10 + int(cursor.peek()) > self._groups:
                break
            number = number * 10 + int(cursor.next())
        if self._skip_blanks() and cursor.peek().isdecimal():
            raise cursor.unforeseeable("blanks in a reference")
        self._references += 1
        return self._folded(rf"(?:\{number})")
