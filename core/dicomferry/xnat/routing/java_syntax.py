"""The translator of Java patterns into Python's: a recursive descent parser."""

from __future__ import annotations

import re
from collections.abc import Callable

from dicomferry.xnat.routing.java_classes import (
    HORIZONTAL,
    TERMINATOR,
    VERTICAL,
    read_class,
    read_posix,
)
from dicomferry.xnat.routing.java_cursor import Cursor

_QUANTIFIER = re.compile(r"(?:[*+?]|\{(\d+)(?:,(\d*))?\})[?+]?", re.ASCII)
_NAME = re.compile(r"<([a-zA-Z][a-zA-Z0-9]*)>")
_FLAGS = re.compile(r"\?([a-zA-Z]*)(?:-([a-zA-Z]*))?([:)])")
_LOOK_BEHIND = ("?<=", "?<!")
_NEGATIVE = ("?!", "?<!")
_OPENINGS = (*_LOOK_BEHIND, "?:", "?=", "?!", "?>")
_END = rf"(?=(?:\r\n|(?<!\r)\n|[\r{TERMINATOR}])?\Z)"
_LINE_END = rf"(?:(?=[\r{TERMINATOR}])|(?<!\r)(?=\n)|\Z)"
_LINE_START = rf"(?!\Z)(?:\A|(?<=[\n{TERMINATOR}])|(?<=\r)(?!\n))"
_ESCAPES = {
    **{letter: f"\\{letter}" for letter in "dDwWsSA"},
    "z": r"\Z",
    "h": f"[{HORIZONTAL}]",
    "H": f"[^{HORIZONTAL}]",
    "v": f"[{VERTICAL}]",
    "V": f"[^{VERTICAL}]",
    "R": rf"(?:\r\n|[{VERTICAL}])",
    # `\b` of Java before 19 uses Unicode's words, although `\w` is ASCII
    "b": r"(?u:\b)",
    "B": r"(?!(?u:\b))",
}


_ONE_BREAK = rf"(?>\r\n|[{VERTICAL}])"
"""A line break that is repeated: Java does not go back into one."""


class Translator:
    """Translates one Java pattern into a Python pattern for `re.ASCII`; used once.

    `boundaries` tells, once it is translated, whether the pattern looks for the bounds of words.
    """

    def __init__(self, source: str) -> None:
        self._cursor = Cursor(source)
        self._flags: frozenset[str] = frozenset()
        self._groups = 0
        self._references = 0
        self._lazy = 0
        self._doubt = ""
        self.boundaries = False

    def translate(self) -> str:
        """Return the Python pattern; raises as `java_pattern` does."""
        pattern = self._expression()
        if not self._cursor.done:
            raise self._cursor.wrong("unmatched ')'")
        if self._doubt:
            raise self._cursor.unforeseeable(self._doubt)
        return pattern

    def _folded(self, atom: str) -> str:
        return f"(?i:{atom})" if "i" in self._flags else atom

    def _expression(self) -> str:
        out: list[str] = []
        while self._cursor.peek() not in ("", ")"):
            if self._cursor.take("|"):
                out.append("|")
                continue
            groups, lazy = self._groups, self._lazy
            atom = self._atom()
            captures = self._groups > groups and self._lazy > lazy
            out.append(self._closure(atom, captures=captures))
        return "".join(out)

    def _closure(self, atom: str, *, captures: bool) -> str:
        """Return `atom` with the quantifier behind it, if there is one.

        `captures` tells that it has a group and, in it, a lazy repetition.
        """
        cursor = self._cursor
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
        if cursor.peek() == "{":
            raise cursor.unforeseeable("a repetition of a repetition")
        if captures and quantifier[1]:
            # what such a group holds in the end depends on how Java goes back
            self._doubt = "a repetition of a group with a lazy repetition in it"
        self._lazy += len(quantifier[0]) > 1 and quantifier[0].endswith("?")
        return (_ONE_BREAK if atom == _ESCAPES["R"] else atom) + quantifier[0]

    def _atom(self) -> str:
        special: dict[str, Callable[[], str]] = {
            "(": self._group,
            "[": lambda: self._folded(read_class(self._cursor, folds="i" in self._flags)),
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
        opening = self._opening()
        if opening is None:
            return ""
        body = self._expression()
        if not self._cursor.take(")"):
            raise self._cursor.wrong("unclosed group")
        if opening in _LOOK_BEHIND and self._references > references:
            raise self._cursor.unforeseeable("a reference behind the position")
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
        if strange := set(on + off) - set("ismd"):
            if strange <= set("xuU"):
                raise self._cursor.unforeseeable(f"the flag {min(strange)!r}")
            raise self._cursor.wrong("unknown flag")
        self._flags = (self._flags | set(on)) - set(off)

    def _escape(self) -> str:
        cursor = self._cursor
        char = cursor.peek()
        if char in ("G", "X", "N") or cursor.sees("b{"):
            raise cursor.unforeseeable(rf"'\{char}'")
        if cursor.take("Z"):
            return self._end()
        if char in _ESCAPES:
            self.boundaries |= char in "bB"
            cursor.next()
            return _ESCAPES[char]
        if char in ("p", "P"):
            found = read_posix(cursor, folds="i" in self._flags)
            return f"[^{found}]" if char == "P" else f"[{found}]"
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
        self._references += 1
        return self._folded(rf"(?:\{number})")
