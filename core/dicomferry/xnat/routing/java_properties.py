r"""The characters of Java's `\p{…}`: POSIX classes, general categories, and some properties.

Releases of Java go by different versions of Unicode. A set is right for characters that have had
one category since Unicode 3.2 (`is_settled`), or with `ascii_only` for ASCII alone.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Final

from msgspec import Struct

from dicomferry.xnat.routing.java_sets import CharacterSet

_LETTERS = CharacterSet.spelt("A-Z", "a-z")
_LOWER, _UPPER = CharacterSet.spelt("a-z"), CharacterSet.spelt("A-Z")
_DIGITS = CharacterSet.spelt("0-9")
_NONE = CharacterSet()

POSIX: Final[Mapping[str, CharacterSet]] = MappingProxyType(
    {
        "Lower": _LOWER,
        "Upper": _UPPER,
        "ASCII": CharacterSet.spelt("\x00-\x7f"),
        "Alpha": _LETTERS,
        "Digit": _DIGITS,
        "Alnum": _LETTERS | _DIGITS,
        "Punct": CharacterSet.spelt("!-/", ":-@", "[-`", "{-~"),
        "Graph": CharacterSet.spelt("!-~"),
        "Print": CharacterSet.spelt(" -~"),
        "Blank": CharacterSet.chars(" \t"),
        "Cntrl": CharacterSet.spelt("\x00-\x1f", "\x7f"),
        "XDigit": CharacterSet.spelt("0-9", "a-f", "A-F"),
        "Space": CharacterSet.spelt("\t-\r", " "),
    }
)
"""Java's POSIX classes hold ASCII only."""

_PUNCTUATION: Final = CharacterSet.chars("!\"#%&'()*,-./:;?@[\\]_{}")
"""What `Punct` is under the flag `U`: ASCII of the category P."""

_ASCII_OF: Final[Mapping[str, CharacterSet]] = MappingProxyType(
    {
        "IsAlphabetic": _LETTERS,
        "IsLatin": _LETTERS,
        "IsLowercase": _LOWER,
        "IsUppercase": _UPPER,
        "IsWhite_Space": POSIX["Space"],
        "javaLowerCase": _LOWER,
        "javaUpperCase": _UPPER,
        "javaAlphabetic": _LETTERS,
        "javaLetter": _LETTERS,
        "javaDigit": _DIGITS,
        "javaLetterOrDigit": _LETTERS | _DIGITS,
        "InBasicLatin": POSIX["ASCII"],
        **dict.fromkeys(
            ("IsGreek", "IsCyrillic", "IsHan", "IsHebrew", "IsArabic", "InGreek", "InCyrillic"),
            _NONE,
        ),
    }
)
"""The ASCII characters of properties, scripts and blocks."""

_CATEGORIES: Final[Mapping[str, str]] = MappingProxyType(
    {"L": "ultmo", "M": "nec", "N": "dlo", "Z": "slp", "C": "ncfos", "P": "dsecoif", "S": "mcko"}
)
"""The second letters of Unicode's general categories by the first."""

_GROUPS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        **{a + b: (a + b,) for a, more in _CATEGORIES.items() for b in more},
        **{a: tuple(a + b for b in more) for a, more in _CATEGORIES.items()},
        "LC": ("Lu", "Ll", "Lt"),
        "LD": ("Lu", "Ll", "Lt", "Lm", "Lo", "Nd"),
    }
)
_PREFIXES: Final = ("gc=", "general_category=", "Is")
_CASED: Final = frozenset(
    ("Lower", "Upper", "Lu", "Ll", "Lt", "javaLowerCase", "javaUpperCase", "IsLowercase",
     "IsUppercase")
)  # fmt: skip
"""Sets whose meaning in a pattern that ignores case depends on the release of Java."""


class Property(Struct, frozen=True):
    """The characters of a name; `settled` and `ascii_only` say for which texts they are right."""

    characters: CharacterSet
    settled: bool = False
    ascii_only: bool = False


def property_of(name: str, *, folds: bool, unicode: bool) -> Property | None:
    r"""Return the characters of `\p{name}`; None where they are not known.

    `folds` says that the pattern ignores case, `unicode` that it has the flag `U`.
    """
    bare = next((name.removeprefix(one) for one in _PREFIXES if name.startswith(one)), name)
    if folds and (name in _CASED or bare in _CASED):
        return None
    if name in POSIX:
        return Property(_PUNCTUATION if unicode and name == "Punct" else POSIX[name])
    if name == "L1":
        return Property(CharacterSet.spelt("\x00-\xff"))
    if name in _ASCII_OF:
        return Property(_ASCII_OF[name], ascii_only=True)
    if bare in _GROUPS:
        return Property(_of_categories(_GROUPS[bare]), settled=True)
    return None


def is_settled(char: str) -> bool:
    """Tell whether every release of Java gives a character the same category."""
    if char > "\uffff":
        return False
    category = unicodedata.category(char)
    return category != "Cn" and category == unicodedata.ucd_3_2_0.category(char)


@cache
def _of_categories(names: tuple[str, ...]) -> CharacterSet:
    codes = (code for code in range(0x10000) if unicodedata.category(chr(code)) in names)
    return CharacterSet.of((code, code) for code in codes)
