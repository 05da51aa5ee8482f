"""A cursor in the text of a Java pattern, which also reads escapes."""

from __future__ import annotations

import re

from dicomferry.xnat.reading.errors import UnforeseeableError
from dicomferry.xnat.routing.java_errors import JavaSyntaxError

_CONTROLS = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "a": "\a", "e": "\x1b"}
_NUMBERED = (
    (r"0([0-3][0-7]{2}|[0-7]{1,2})", 8),
    (r"x([0-9A-Fa-f]{2})", 16),
    (r"x\{([0-9A-Fa-f]+)\}", 16),
    (r"u([0-9A-Fa-f]{4})", 16),
)


def _unquoted(source: str) -> str:
    r"""Return `source` with each character of `\Q…\E` escaped, as Java does before it parses."""

    def quote(match: re.Match[str]) -> str:
        if match[1] is None:
            return match[0]
        return "".join(f"\\x{{{ord(char):x}}}" for char in match[1])

    return re.sub(r"\\Q(.*?)(?:\\E|\Z)|\\.", quote, source, flags=re.DOTALL)


class Cursor:
    """Reads a pattern from left to right."""

    __slots__ = ("_at", "_source", "_text")

    def __init__(self, source: str) -> None:
        self._source = source
        self._text = _unquoted(source)
        self._at = 0

    @property
    def done(self) -> bool:
        """Whether the cursor is at the end."""
        return self._at >= len(self._text)

    def peek(self, ahead: int = 0) -> str:
        """Return the next character, or a later one, without reading it; "" at the end."""
        return self._text[self._at + ahead : self._at + ahead + 1]

    def next(self) -> str:
        """Read one character; "" at the end."""
        char = self.peek()
        self._at += 1
        return char

    def sees(self, text: str) -> bool:
        """Say whether `text` is next."""
        return self._text.startswith(text, self._at)

    def take(self, text: str) -> bool:
        """Read `text` if it is next; say whether it was."""
        seen = self.sees(text)
        self._at += len(text) if seen else 0
        return seen

    def match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Read the next characters if `pattern` matches them; return the match."""
        match = pattern.match(self._text, self._at)
        self._at = match.end() if match else self._at
        return match

    def wrong(self, what: str) -> JavaSyntaxError:
        """Return the error for a pattern that Java refuses."""
        return JavaSyntaxError(f"{self._source!r} is no regular expression: {what}")

    def unforeseeable(self, what: str) -> UnforeseeableError:
        """Return the error for a pattern that Java takes and Python cannot translate."""
        return UnforeseeableError(f"cannot be forecast: {what} in {self._source!r}")

    def character(self) -> str:
        r"""Read the escape behind a `\` and return its character."""
        for pattern, base in _NUMBERED:
            if number := self.match(re.compile(pattern)):
                return self._code_point(int(number[1], base))
        char = self.next()
        if char == "c" and not self.done:
            return chr(ord(self.next()) ^ 64)
        if not char or (char.isascii() and char.isalnum() and char not in _CONTROLS):
            raise self.wrong("illegal escape")
        return _CONTROLS.get(char, char)

    def _code_point(self, number: int) -> str:
        if 0xD800 <= number <= 0xDFFF:
            raise self.unforeseeable("half a surrogate pair")
        if number > 0x10FFFF:
            raise self.wrong("no such character")
        return chr(number)
