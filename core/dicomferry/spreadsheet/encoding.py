"""How the bytes of a table are encoded, and what separates its cells."""

from __future__ import annotations

import codecs
import re
from typing import Final

from dicomferry.spreadsheet.cells import UnreadableCsvError

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_FALLBACK: Final = "cp1252"
_GLIMPSE: Final = 1 << 12
_DELIMITERS: Final = ",;\t"
_QUOTED: Final = re.compile('"[^"]*"')


def decode(data: bytes, encoding: str) -> tuple[str, str, bool]:
    """Return the text, its encoding, and whether the encoding is a guess."""
    for mark, name in _MARKS:
        if data.startswith(mark):
            return _decoded(data[len(mark) :], name), name, False
    if encoding:
        return _decoded(data, encoding), encoding, False
    if wide := _wide(data[:_GLIMPSE]):
        return _decoded(data, wide), wide, True
    try:
        return data.decode("utf-8"), "utf-8", False
    except UnicodeDecodeError:
        return _decoded(data, _FALLBACK), _FALLBACK, True


def _decoded(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except LookupError:
        raise UnreadableCsvError(f"'{encoding}' is not an encoding") from None
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise UnreadableCsvError(f"this is not {encoding}", line) from None


def delimiter_of(text: str) -> str:
    """Return the most frequent delimiter of the header line; a comma if it has none."""
    first = _QUOTED.sub("", next((line for line in text.splitlines() if line.strip()), ""))
    return max(_DELIMITERS, key=lambda mark: (first.count(mark), mark == ","))


def _wide(data: bytes) -> str:
    """Return which UTF-16 bytes are that say it by their NULs alone; none where they are not."""
    even, odd = data[::2].count(0), data[1::2].count(0)
    if max(even, odd) * 4 < len(data) or min(even, odd):
        return ""
    return "utf-16-be" if even else "utf-16-le"
