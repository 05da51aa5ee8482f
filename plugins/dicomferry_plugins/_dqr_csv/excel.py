"""Remarks on identifiers that a spreadsheet program has read as numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dicomferry import Severity
from dicomferry.spreadsheet import Cell, Remark, is_damaged_number

_LONG = 6
"""The shortest usual length of padded numbers; shorter ones are counts of any length."""

_AS_TEXT = "format the column as text in the spreadsheet, and take the value from its origin"


def number_remarks(header: str, cell: Cell) -> Iterator[Remark]:
    """Yield the values of a cell that a spreadsheet program wrote as numbers."""
    for value in cell.text.split("\\"):
        if is_damaged_number(value):
            message = f"{header} '{value}' is a spreadsheet's number: digits are lost"
            yield Remark("excel-number", message, cell, _AS_TEXT)


def zero_remarks(header: str, cells: Iterable[Cell]) -> Iterator[Remark]:
    """Yield the cells of a column that seem to have lost their leading zeros."""
    numbers = [cell for cell in cells if cell.text.isascii() and cell.text.isdigit()]
    padded = {len(cell.text) for cell in numbers if cell.text.startswith("0")}
    lengths = [len(cell.text) for cell in numbers]
    usual = max(set(lengths), key=lengths.count, default=0)
    for cell in numbers:
        length = len(cell.text)
        if len(padded) == 1 and length < max(padded):
            message = (
                f"{header} '{cell.text}' is shorter than the others, which begin with zeros:"
                " its own seem to be lost"
            )
            yield Remark("excel-zeros", message, cell, _AS_TEXT)
        elif not padded and usual >= _LONG > 0 and usual - 3 <= length < usual:
            message = f"{header} '{cell.text}' is shorter than the others: were there zeros first?"
            yield Remark("excel-zeros", message, cell, _AS_TEXT, Severity.WARNING)
