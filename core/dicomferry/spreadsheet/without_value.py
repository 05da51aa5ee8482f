"""Cells of a workbook (.xlsx) that have no value: errors, and formulas that nobody has computed.

The reader of workbooks returns an empty text for both. An empty cell means something else to a
list: they are read from the sheets (ECMA-376 part 1, 18.3.1.4 `c`, 18.18.11 `ST_CellType`).
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Final
from xml.etree import ElementTree as ET
from zipfile import BadZipFile, ZipFile

_SHEET: Final = re.compile(r"xl/worksheets/[^/]+\.xml")
_REFERENCE: Final = re.compile(r"([A-Z]{1,3})([0-9]+)")
_LETTERS: Final = 26


def cells_without_value(data: bytes) -> dict[tuple[int, int], str]:
    """Return the texts of such cells by line and column, from 1: `#N/A`, or `=` and the formula."""
    try:
        with ZipFile(io.BytesIO(data)) as book:
            sheets = [name for name in book.namelist() if _SHEET.fullmatch(name)]
            return {place: text for name in sheets for place, text in _of(book.read(name))}
    except (BadZipFile, ET.ParseError, KeyError, NotImplementedError):
        return {}  # another kind of workbook


def _of(sheet: bytes) -> Iterator[tuple[tuple[int, int], str]]:
    # Expat refuses entities that grow; a sheet is read whole, as the workbook is.
    for _, cell in ET.iterparse(io.BytesIO(sheet)):  # noqa: S314
        if not cell.tag.endswith("}c"):
            continue
        texts = {part.tag.rpartition("}")[2]: part.text or "" for part in cell}
        place = _REFERENCE.fullmatch(cell.get("r", ""))
        if place and cell.get("t") == "e":
            yield _place(*place.groups()), texts.get("v") or "#N/A"
        elif place and "f" in texts and not texts.get("v") and cell.get("t") != "str":
            yield _place(*place.groups()), f"={texts['f']}"
        cell.clear()


def _place(letters: str, line: str) -> tuple[int, int]:
    column = 0
    for letter in letters:
        column = column * _LETTERS + ord(letter) - ord("A") + 1
    return int(line), column
