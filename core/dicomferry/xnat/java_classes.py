"""Java's named sets of characters, as they are written inside a Python character class."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

TERMINATOR = r"\u0085\u2028\u2029"
r"""The line terminators besides `\n` and `\r`."""

VERTICAL = rf"\n-\r{TERMINATOR}"
HORIZONTAL = r" \t\xa0\u1680\u180e\u2000-\u200a\u202f\u205f\u3000"

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


def posix(name: str) -> str | None:
    r"""Return the characters of `\p{name}` (ASCII only, as Java has them); None for any other."""
    return _POSIX.get(name)
