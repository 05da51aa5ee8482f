"""The translation of a Java pattern into a Python one, by recursive descent."""

from __future__ import annotations

import re
from collections.abc import Callable

from dicomferry.xnat.java_classes import HORIZONTAL, TERMINATOR, VERTICAL, posix
from dicomferry.xnat.java_errors import JavaSyntaxError, UnforeseeableError

__all__ = ["JavaSyntaxError", "Translator", "UnforeseeableError"]

_QUANTIFIER = re.compile(r"(?:[*+?]|\{(\d+)(?:,(\d*))?\})[?+]?", re.ASCII)
_NAME = re.compile(r"<([a-zA-Z][a-zA-Z0-9]*)>")
_FLAGS = re.compile(r"\?([a-zA-Z]*)(?:-([a-zA-Z]*))?([:)])")
_OPENINGS = ("?:", "?=", "?!", "?<=", "?<!", "?>")
_CONTROLS = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "a": "\a", "e": "\x1b"}
_NUMBERED: tuple[tuple[re.Pattern[str], int], ...] = (
    (re.compile(r"0([0-3][0-7]{2}|[0-7]{1,2})"), 8),
    (re.compile(r"x([0-9A-Fa-f]{2})"), 16),
    (re.compile(r"x\{([0-9A-Fa-f]+)\}"), 16),
    (re.compile(r"u([0-9A-Fa-f]{4})"), 16),
)
_END = rf"(?=(?:\r\n|(?<!\r)\n|[\r{TERMINATOR}])?\Z)"
_LINE_END = rf"(?:(?=[\r{TERMINATOR}])|(?<!\r)(?=\n)|\Z)"
_LINE_START = rf"(?!\Z)(?:\A|(?<=[\n{TERMINATOR}])|(?<=\r)(?!\n))"
_SIMPLE = {
    **{letter: f"\\{letter}" for letter in "dDwWsSA"},
    "z": r"\Z",
    "h": f"[{HORIZONTAL}]",
    "H": f"[^{HORIZONTAL}]",
    "v": f"[{VERTICAL}]",
    "V": f"[^{VERTICAL}]",
    "R": rf"(?:\r\n|[{VERTICAL}])",
    # Java before 19 asks Unicode what a word is here, though its \w is ASCII
    "b": r"(?u:\b)",
    "B": r"(?!(?u:\b))",
}


def unquoted(source: str) -> str:
    r"""Return `source` with `\Q…\E` spelled out, as Java does before it parses."""

    def quote(match: re.Match[str]) -> str:
        if match[1] is None:
            return match[0]
        return "".join(f"\\x{{{ord(char):x}}}" for char in match[1])

    return re.sub(r"\\Q(.*?)(?:\\E|\Z)|\\.", quote, source, flags=re.DOTALL)


class Translator:
    """Reads a Java pattern once, from left to right; `translate` returns the Python pattern."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._text = unquoted(source)
        self._at = 0
        self._flags: frozenset[str] = frozenset()
        self._groups = 0
        self._references = 0

    def translate(self) -> str:
        """Return the Python pattern, for `re.ASCII`; raises as `java_pattern`."""
        pattern = self._expression()
        if self._at < len(self._text):
            raise self._wrong("unmatched ')'")
        return pattern

    def _wrong(self, what: str) -> JavaSyntaxError:
        return JavaSyntaxError(f"{self._source!r} is no regular expression: {what}")

    def _unforeseeable(self, what: str) -> UnforeseeableError:
        return UnforeseeableError(f"cannot be forecast: {what} in {self._source!r}")

    def _peek(self, ahead: int = 0) -> str:
        return self._text[self._at + ahead : self._at + ahead + 1]

    def _take(self, text: str) -> bool:
        found = self._text.startswith(text, self._at)
        self._at += len(text) if found else 0
        return found

    def _match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        match = pattern.match(self._text, self._at)
        self._at = match.end() if match else self._at
        return match

    def _folded(self, atom: str) -> str:
        return f"(?i:{atom})" if "i" in self._flags else atom

    def _expression(self) -> str:
        out: list[str] = []
        while self._peek() not in ("", ")"):
            out.append("|" if self._take("|") else self._closure(self._atom()))
        return "".join(out)

    def _closure(self, atom: str) -> str:
        quantifier = self._match(_QUANTIFIER)
        if quantifier is None:
            if self._peek() == "{":
                raise self._wrong("illegal repetition")
            return atom
        if not atom and quantifier[1]:
            raise self._unforeseeable("a repetition of flags")
        if not atom:
            raise self._wrong("dangling quantifier")
        if quantifier[2] and int(quantifier[2]) < int(quantifier[1]):
            raise self._wrong("illegal repetition range")
        if self._peek() and self._peek() in "*+?":
            raise self._wrong("dangling quantifier")
        if self._peek() == "{":
            raise self._unforeseeable("a repetition of a repetition")
        return atom + quantifier[0]

    def _atom(self) -> str:
        char = self._peek()
        special: dict[str, Callable[[], str]] = {
            "(": self._group,
            "[": self._class,
            "\\": self._escape,
            ".": self._dot,
            "^": lambda: _LINE_START if "m" in self._flags else r"\A",
            "$": self._dollar,
        }
        if char in "*+?{":
            raise self._wrong(f"dangling {char!r}")
        self._at += 1
        return special[char]() if char in special else self._folded(re.escape(char))

    def _dot(self) -> str:
        if "s" in self._flags:
            return r"[\s\S]"
        return r"[^\n]" if "d" in self._flags else rf"[^\n\r{TERMINATOR}]"

    def _dollar(self) -> str:
        unix = "d" in self._flags
        if "m" in self._flags:
            return r"(?=\n|\Z)" if unix else _LINE_END
        return r"(?=\n?\Z)" if unix else _END

    def _group(self) -> str:
        outside, references = self._flags, self._references
        opening = self._opening()
        if opening is None:
            return ""
        body = self._expression()
        if opening in ("?<=", "?<!") and self._references > references:
            raise self._unforeseeable("a reference behind the position")
        if not self._take(")"):
            raise self._wrong("unclosed group")
        self._flags = outside
        return f"({opening}{body})"

    def _opening(self) -> str | None:
        """Return what stands behind the group's parenthesis; None for flags with no group."""
        if self._peek() != "?":
            self._groups += 1
            return ""
        for opening in _OPENINGS:
            if self._take(opening):
                return opening
        if flags := self._match(_FLAGS):
            self._set_flags(flags[1], flags[2] or "")
            return "?:" if flags[3] == ":" else None
        self._at += 1
        if name := self._match(_NAME):
            self._groups += 1
            return f"?P<{name[1]}>"
        raise self._wrong("unknown group")

    def _set_flags(self, on: str, off: str) -> None:
        if strange := set(on + off) - set("ismd"):
            if strange <= set("xuU"):
                raise self._unforeseeable(f"the flag {min(strange)!r}")
            raise self._wrong("unknown flag")
        self._flags = (self._flags | set(on)) - set(off)

    def _escape(self) -> str:
        char = self._peek()
        if char in ("G", "X", "N") or self._text.startswith("b{", self._at):
            raise self._unforeseeable(rf"'\{char}'")
        if char == "Z":
            self._at += 1
            return r"(?=\n?\Z)" if "d" in self._flags else _END
        if char in _SIMPLE:
            self._at += 1
            return _SIMPLE[char]
        if char in ("p", "P"):
            return f"[{'^' if char == 'P' else ''}{self._posix()}]"
        if char == "k":
            return self._named_reference()
        if char in "123456789" and char:
            return self._reference()
        return self._folded(re.escape(self._character()))

    def _named_reference(self) -> str:
        self._at += 1
        name = self._match(_NAME)
        if name is None:
            raise self._wrong(r"'\k' without a group's name")
        self._references += 1
        return self._folded(f"(?P={name[1]})")

    def _reference(self) -> str:
        number = int(self._peek())
        self._at += 1
        self._references += 1
        while self._peek().isdecimal() and number * 10 + int(self._peek()) <= self._groups:
            number = number * 10 + int(self._peek())
            self._at += 1
        return self._folded(rf"(?:\{number})")

    def _posix(self) -> str:
        r"""Read `p{Name}` or `P{Name}` and return its characters, as inside brackets."""
        self._at += 1
        name = self._match(re.compile(r"\{(\w+)\}"))
        folds = name is not None and name[1] in ("Lower", "Upper") and "i" in self._flags
        found = posix(name[1]) if name else None
        if found is None or folds:
            raise self._unforeseeable(r"this '\p{…}'")
        return found

    def _character(self) -> str:
        r"""Return the character a `\` stands before; the position is behind the backslash."""
        for pattern, base in _NUMBERED:
            if number := self._match(pattern):
                return self._code_point(int(number[1], base))
        char = self._peek()
        self._at += 1
        if char == "c" and self._peek():
            self._at += 1
            return chr(ord(self._text[self._at - 1]) ^ 64)
        if not char or (char.isascii() and char.isalnum() and char not in _CONTROLS):
            raise self._wrong("illegal escape")
        return _CONTROLS.get(char, char)

    def _code_point(self, number: int) -> str:
        if 0xD800 <= number <= 0xDFFF:
            raise self._unforeseeable("half a surrogate pair")
        if number > 0x10FFFF:
            raise self._wrong("no such character")
        return chr(number)

    def _class(self) -> str:
        negation = "^" if self._take("^") else ""
        items: list[str] = []
        while not (items and self._peek() == "]"):
            if not self._peek():
                raise self._wrong("unclosed character class")
            items.append(self._class_item())
        self._at += 1
        return self._folded(f"[{negation}{''.join(items)}]")

    def _class_item(self) -> str:
        first = self._class_atom()
        if len(first) > 1 or self._peek() != "-" or self._peek(1) in ("]", "[", ""):
            return first if len(first) > 1 else re.escape(first)
        self._at += 1
        last = self._class_atom()
        if len(last) > 1 or last < first:
            raise self._wrong("illegal character range")
        return f"{re.escape(first)}-{re.escape(last)}"

    def _class_atom(self) -> str:
        """Return one character, or several that mean a set, as inside brackets."""
        char = self._peek()
        if char == "[" or self._text.startswith("&&", self._at):
            raise self._unforeseeable("a class within a class")
        self._at += 1
        if char != "\\":
            return char
        letter = self._peek()
        if letter in ("H", "V", "P", "N", "R", "X"):
            raise self._unforeseeable(rf"'\{letter}' within a class")
        if letter in ("h", "v"):
            self._at += 1
            return HORIZONTAL if letter == "h" else VERTICAL
        if letter == "p":
            return self._posix()
        if letter and letter in "dDwWsS":
            self._at += 1
            return f"\\{letter}"
        return self._character()
