"""Tables that people edit in spreadsheet programs: safe cells to write, exact cells to read.

- `neutral`: a cell that no spreadsheet program executes as a formula.
- Cell: the text of one cell, with its place and whether it was quoted (RFC 4180). Python's csv
  module keeps neither. Both matter: a fault has its place, and an empty cell may say another thing
  than a quoted empty one.
- Rejects: the rows of a source's table that were not carried, with `REJECTED_BECAUSE` behind them.

Plug-ins may use every name without an underscore.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import Final

from msgspec import Struct

REJECTED_BECAUSE: Final = "Rejected because"
"""The extra column of a table of rejected rows; readers of such a table skip it."""

_PLAIN = re.compile(r"[-+]?[0-9][0-9.-]*|-", re.ASCII)
"""Numbers, dates and open date ranges: they begin like a formula, but are none."""
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_FALLBACK = "cp1252"
_DELIMITERS = ",;\t"


def neutral(cell: str) -> str:
    """Return a cell that no spreadsheet program reads as a formula."""
    if cell[:1] in ("=", "+", "-", "@", "\t", "\r") and not _PLAIN.fullmatch(cell):
        return f"'{cell}"
    return cell


class UnreadableCsvError(ValueError):
    """The bytes are no table; `line` and `column` are the place of the fault."""

    def __init__(self, message: str, line: int = 1, column: int = 1) -> None:
        super().__init__(message)
        self.line, self.column = line, column


class Cell(Struct, frozen=True):
    """The text of one cell; `line` and `column` count from 1, in characters."""

    text: str
    quoted: bool
    line: int
    column: int


def decode(data: bytes, encoding: str) -> tuple[str, str, bool]:
    """Return the text, its encoding, and whether the encoding is a guess."""
    for mark, name in _MARKS:
        if data.startswith(mark):
            return _decoded(data[len(mark) :], name), name, False
    if encoding:
        return _decoded(data, encoding), encoding, False
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
    first = next((line for line in text.splitlines() if line.strip()), "")
    return max(_DELIMITERS, key=lambda mark: (first.count(mark), mark == ","))


def read_cells(text: str, delimiter: str) -> Iterator[list[Cell]]:
    """Yield the rows of a table, without blank lines.

    Raises `UnreadableCsvError` for an open quote, and for text behind a closing quote.
    """
    scanner = _Scanner(text, delimiter)
    while scanner.more():
        row = scanner.row()
        if len(row) > 1 or row[0].quoted or row[0].text.strip():
            yield row


def _without_apostrophe(text: str) -> str:
    # `neutral` adds this apostrophe; it is not part of the value.
    return text[1:] if text[:1] == "'" and text[1:2] in ("=", "+", "-", "@") else text


class _Scanner:
    def __init__(self, text: str, delimiter: str) -> None:
        self._text = text
        self._delimiter = delimiter
        self._at = 0
        self._line = 1
        self._line_start = 0

    def more(self) -> bool:
        return self._at < len(self._text)

    def row(self) -> list[Cell]:
        row = [self._cell()]
        while self._peek() == self._delimiter:
            self._at += 1
            row.append(self._cell())
        self._end_of_line()
        return row

    def _cell(self) -> Cell:
        line, column = self._line, self._at - self._line_start + 1
        if self._peek() == '"':
            return Cell(_without_apostrophe(self._quoted(line, column)), True, line, column)
        start = self._at
        while self._peek() not in ("", "\n", "\r", self._delimiter):
            self._at += 1
        return Cell(_without_apostrophe(self._text[start : self._at]), False, line, column)

    def _quoted(self, line: int, column: int) -> str:
        parts = []
        while True:
            start = self._at + 1
            end = self._text.find('"', start)
            if end < 0:
                raise UnreadableCsvError("this quote is never closed", line, column)
            parts.append(self._text[start:end])
            self._at = end + 1
            self._count_lines(start, end)
            if self._peek() != '"':
                break
        if self._peek() not in ("", "\n", "\r", self._delimiter):
            at = self._at - self._line_start + 1
            raise UnreadableCsvError("there is text behind a closing quote", self._line, at)
        return '"'.join(parts)

    def _count_lines(self, start: int, end: int) -> None:
        breaks = self._text.count("\n", start, end)
        if breaks:
            self._line += breaks
            self._line_start = self._text.rfind("\n", start, end) + 1

    def _end_of_line(self) -> None:
        if self._peek() == "\r":
            self._at += 1
            if self._peek() == "\n":
                self._at += 1
        elif self._peek() == "\n":
            self._at += 1
        self._line += 1
        self._line_start = self._at

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]
