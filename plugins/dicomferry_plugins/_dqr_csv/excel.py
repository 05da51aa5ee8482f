"""The traces of a spreadsheet program that read identifiers as numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dicomferry import Severity
from dicomferry.spreadsheet import Cell, is_damaged_number

_LONG = 6
"""The shortest usual length of padded numbers; shorter ones are counts of any length."""

Trace = tuple[str, Severity, str, str, Cell]
"""Code, severity, message, hint, and the faulty cell."""

_AS_TEXT = "format the column as text in the spreadsheet, and take the value from its origin"


def number_trace(header: str, cell: Cell) -> Iterator[Trace]:
    """Yield the values of a cell that a spreadsheet program wrote as numbers."""
    for value in cell.text.split("\\"):
        if is_damaged_number(value):
            message = f"{header} '{value}' is a spreadsheet's number: digits are lost"
            yield "excel-number", Severity.ERROR, message, _AS_TEXT, cell


def zero_traces(header: str, cells: Iterable[Cell]) -> Iterator[Trace]:
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
            yield "excel-zeros", Severity.ERROR, message, _AS_TEXT, cell
        elif not padded and usual >= _LONG > 0 and usual - 3 <= length < usual:
            message = f"{header} '{cell.text}' is shorter than the others: were there zeros first?"
            yield "excel-zeros", Severity.WARNING, message, _AS_TEXT, cell
