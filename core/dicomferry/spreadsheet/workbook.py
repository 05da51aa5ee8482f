"""Workbooks (.xlsx): the first sheet with anything in it, its cells as the texts they show."""

from __future__ import annotations

import io
from datetime import date, datetime, time, timedelta
from typing import Final

from dicomferry.errors import FerryError
from dicomferry.spreadsheet.cells import Cell, UnreadableCsvError
from dicomferry.spreadsheet.without_value import cells_without_value

XLSX_COMMAND: Final = "pip install 'dicomferry[xlsx]'"
_ZIP: Final = b"PK\x03\x04"
_OLD: Final = bytes.fromhex("D0CF11E0A1B11AE1")
_MOST_CELLS: Final = 20_000_000
_EXACT: Final = 10**15
"""From here on a spreadsheet's number has lost digits (IEEE 754)."""


def is_workbook(data: bytes) -> bool:
    """Tell whether bytes begin like a workbook of this or the last century."""
    return data.startswith((_ZIP, _OLD))


def workbook_cells(data: bytes) -> list[list[Cell]]:
    """Return the rows of the first sheet that has any; `line` and `column` of cells count from 1.

    Raises `UnreadableCsvError` for what is no workbook, and for a workbook with several sheets of
    data; `FerryError` without the package that reads it.
    """
    try:
        from python_calamine import CalamineError, CalamineWorkbook
    except ImportError:
        raise FerryError(
            "a workbook (.xlsx) cannot be read without a package", hint=XLSX_COMMAND
        ) from None
    try:
        with CalamineWorkbook.from_filelike(io.BytesIO(data)) as book:
            sheets = [
                (name, book.get_sheet_by_name(name).to_python(skip_empty_area=False))
                for name in book.sheet_names
            ]
    except CalamineError as error:
        raise UnreadableCsvError(f"this workbook cannot be read: {error}") from None
    full = [
        (name, rows) for name, rows in sheets if any(any(_text(v) for v in row) for row in rows)
    ]
    if len(full) > 1:
        names = ", ".join(f"'{name}'" for name, _ in full)
        raise UnreadableCsvError(
            f"the workbook has data in several sheets ({names}): keep one, or save it as CSV"
        )
    texts = {
        (line, column): _text(value)
        for line, row in enumerate(full[0][1] if full else (), 1)
        for column, value in enumerate(row, 1)
    } | cells_without_value(data)
    lines = max((line for line, _ in texts), default=0)
    columns = max((column for _, column in texts), default=0)
    if lines * columns > _MOST_CELLS:
        raise UnreadableCsvError(
            f"the sheet has {lines:,} rows and {columns:,} columns: take out cells far away"
        )
    return [
        [Cell(texts.get((line, at), ""), False, line, at) for at in range(1, columns + 1)]
        for line in range(1, lines + 1)
    ]


def _text(value: object) -> str:
    """Return what a cell shows; a number that has lost digits as a program writes it to a CSV."""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT:
        return str(int(value))
    if isinstance(value, (int, float)):
        return f"{value:.5E}" if abs(value) >= _EXACT else str(value)
    if isinstance(value, datetime):
        return f"{value:%Y%m%d}" if value.time() == time() else f"{value:%Y%m%d%H%M%S}"
    if isinstance(value, date):
        return f"{value:%Y%m%d}"
    if isinstance(value, (time, timedelta)):
        return str(value)
    return str(value)
