"""Remarks on identifiers that a spreadsheet program has read as numbers."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator

from dicomferry import Severity
from dicomferry.spreadsheet import Cell, Remark, is_damaged_number

_LONG = 6
"""The shortest usual length of padded numbers; shorter ones are counts of any length."""

_OF_TEXTS = frozenset("\u2018\u2019\u02bc\u2032\u00b4`\uff07\u2010\u2011\u2012\u2013\u2212\uff0d")
_AS_TEXT = "format the column as text in the spreadsheet, and take the value from its origin"


def number_remarks(header: str, cell: Cell) -> Iterator[Remark]:
    """Yield the values of a cell that a spreadsheet program wrote as numbers."""
    for value in cell.text.split("\\"):
        if is_damaged_number(value):
            message = f"{header} '{value}' is a spreadsheet's number: digits are lost"
            yield Remark("excel-number", message, cell, _AS_TEXT)


def look_alike_remarks(header: str, cell: Cell) -> Iterator[Remark]:
    """Yield a character that looks like one of ASCII, by which no PACS finds an identifier.

    Digits of another script are remarked by the reader of the table.
    """
    odd = next((char for char in cell.text.strip() if _looks_plain(char)), "")
    if odd:
        what = f"U+{ord(odd):04X} ({unicodedata.name(odd, 'no name')})"
        message = f"{header} has {what}, which looks like a character of ASCII and is another"
        yield Remark("look-alike", message, cell, "write the one of ASCII", Severity.WARNING)


def _looks_plain(char: str) -> bool:
    if char.isascii() or char.isdecimal():
        return False
    name = unicodedata.name(char, "")
    return (
        name.startswith(("CYRILLIC", "GREEK"))
        or unicodedata.normalize("NFKC", char).isascii()
        or unicodedata.category(char)[0] == "P"
    )


def apostrophe_remarks(header: str, cell: Cell) -> Iterator[Remark]:
    """Yield an apostrophe or a hyphen as programs for texts write it in place of a plain one."""
    for char in _OF_TEXTS & set(cell.text):
        name = unicodedata.name(char)
        message = (
            f"{header} has U+{ord(char):04X} ({name}), which a PACS may not take for a plain one"
        )
        hint = "write the apostrophe or hyphen of the keyboard, or ? for any one character"
        yield Remark("typographic", message, cell, hint, Severity.WARNING)


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
