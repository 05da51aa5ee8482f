"""The character sets of PS3.3 C.12.1.1.2 of one byte, by the names of Java's decoders."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

BY_NUMBER: Final[Mapping[str, str]] = MappingProxyType(
    {
        "100": "ISO-8859-1",
        "101": "ISO-8859-2",
        "109": "ISO-8859-3",
        "110": "ISO-8859-4",
        "144": "ISO-8859-5",
        "127": "ISO-8859-6",
        "126": "ISO-8859-7",
        "138": "ISO-8859-8",
        "148": "ISO-8859-9",
        "13": "JIS_X0201",
        "166": "TIS-620",
    }
)
"""Java's charset by the number of a term; dcm4che3 knows 203 besides."""

ESCAPED: Final[Mapping[bytes, str]] = MappingProxyType(
    {
        b"-A": "ISO-8859-1",
        b"-B": "ISO-8859-2",
        b"-C": "ISO-8859-3",
        b"-D": "ISO-8859-4",
        b"-F": "ISO-8859-7",
        b"-G": "ISO-8859-6",
        b"-H": "ISO-8859-8",
        b"-L": "ISO-8859-5",
        b"-M": "ISO-8859-9",
        b"-T": "TIS-620",
    }
)
"""Java's charset by what follows the escape character, of sets that stand beside ASCII."""


def number_of(term: str) -> str:
    """Return the number of a term, such as `100` of `ISO_IR 100`; empty for another form."""
    number = term.removeprefix("ISO_IR ").removeprefix("ISO 2022 IR ")
    return number if number != term else ""
