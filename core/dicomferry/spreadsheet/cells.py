"""The cells of a table as text, each with its place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from msgspec import Struct

REJECTED_BECAUSE: Final = "Rejected because"
"""The extra column of a table of rejected rows; readers of such a table skip it."""

_PLAIN = re.compile(r"[-+]?[0-9][0-9.-]*|-", re.ASCII)
"""Numbers, dates and open date ranges: they begin like a formula, but are none."""
_DANGEROUS: Final = re.compile("'*[=+\\-@\\t\\r\uff1d\uff0b\uff0d\uff20\u200b-\u200f\u2060\ufeff]")
"""How cells begin that a program may run as a formula, also behind what it does not show."""


def neutral(cell: str) -> str:
    """Return a cell that no spreadsheet program reads as a formula."""
    if _DANGEROUS.match(cell) and not _PLAIN.fullmatch(cell):
        return f"'{cell}"
    return cell


class UnreadableCsvError(ValueError):
    """The bytes are no table; `line` and `column` are the place of the fault."""

    def __init__(self, message: str, line: int = 1, column: int = 1) -> None:
        super().__init__(message)
        self.line, self.column = line, column


class Cell(Struct, frozen=True):
    """The text of one cell; `line` and `column` count from 1, in characters.

    Of a workbook they are its row and its column. `exact` says that an apostrophe stood before the
    text, which makes a spreadsheet program leave it as it is.
    """

    text: str
    quoted: bool
    line: int
    column: int
    exact: bool = False


def read_cells(text: str, delimiter: str) -> Iterator[list[Cell]]:
    """Yield the rows of a table, without blank lines.

    Raises `UnreadableCsvError` for an open quote, and for text behind a closing quote.
    """
    scanner = _Scanner(text, delimiter)
    while scanner.more():
        row = scanner.row()
        if len(row) > 1 or row[0].quoted or row[0].text.strip():
            yield row


def cell_of(text: str, quoted: bool, line: int, column: int) -> Cell:
    """Return a cell without the apostrophe of `neutral`, which is not part of the value."""
    if text[:1] == "'" and _DANGEROUS.match(text):
        return Cell(text[1:], quoted, line, column, exact=True)
    return Cell(text, quoted, line, column)


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
            return cell_of(self._quoted(line, column), True, line, column)
        start = self._at
        while self._peek() not in ("", "\n", "\r", self._delimiter):
            self._at += 1
        return cell_of(self._text[start : self._at], False, line, column)

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
