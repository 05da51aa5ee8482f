"""One table as programs write it, cleaned up, with a remark for each thing that was."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from dicomferry.model import Place, Problem, Severity
from dicomferry.spreadsheet.cells import Cell, UnreadableCsvError, read_cells
from dicomferry.spreadsheet.encoding import decode, delimiter_of
from dicomferry.spreadsheet.workbook import is_workbook, workbook_cells

_NAMES: Final[Mapping[str, str]] = MappingProxyType({";": "semicolons", "\t": "tabs"})
_START: Final = Cell("", False, 1, 1)
_SEPARATOR: Final = re.compile(r"\s*sep=(?P<mark>.)[,;\t]*\r?\n", re.IGNORECASE)
_TEXT_FORMULA: Final = re.compile(r'="(?P<text>(?:[^"]|"")*)"')
_FORMULA: Final = re.compile(r"[=@]|\+(?![0-9.]+$)")
_DAMAGED: Final = re.compile(r"\d([.,]\d+)?E\+\d+|\d{4,}\.0", re.ASCII | re.IGNORECASE)
_NO_VALUES: Final = frozenset((
    "nan", "NaN", "null", "NULL", "None", "NaT", "<NA>", "n/a", "N/A", "#N/A", "#N/A N/A", "#N/D",
    "#ND", "#NV",
))  # fmt: skip
"""What programs write where there is no value; a family name is written `Nan` or `Null`."""
_ERROR: Final = re.compile("#[\xa1\xbf]?[A-Z\xc0-\xde][A-Z\xc0-\xde0-9/]*[!?]")
"""An error of a spreadsheet in any language: `#REF!`, `#BEZUG!`, `#\xa1VALOR!`."""
_JOINERS: Final = "\u200c\u200d"
"""Invisible characters that belong to words of some scripts."""


class Remark(Struct, frozen=True):
    """What was remarked of a table, at one of its cells."""

    code: str
    message: str
    cell: Cell
    hint: str = ""
    severity: Severity = Severity.ERROR

    def problem(self, name: str) -> Problem:
        """Return the remark as a problem at its place in the table `name`."""
        place = Place(name, self.cell.line, self.cell.column)
        return Problem(self.code, self.message, self.severity, place=place, hint=self.hint)


class Sheet(Struct, frozen=True):
    """The rows of a table, the header first, and what was remarked; it may have no row."""

    rows: tuple[tuple[Cell, ...], ...]
    remarks: tuple[Remark, ...]


def read_sheet(data: bytes, encoding: str = "") -> Sheet:
    """Return the table in the bytes of a CSV or an .xlsx file, without blank rows and columns.

    Raises `UnreadableCsvError` where they are no table, and `FerryError` where a package is missing
    that reads them.
    """
    remarks: list[Remark] = []
    rows = workbook_cells(data) if is_workbook(data) else _text_rows(data, encoding, remarks)
    cleaned = [tuple(_cleaned(cell, remarks) for cell in row) for row in rows]
    return Sheet(tuple(_without_blanks(cleaned, remarks)), tuple(remarks))


def is_lock_file(name: str) -> bool:
    """Tell whether a spreadsheet program wrote a file of this name beside a table that is open.

    Excel writes `~$list.xlsx`, LibreOffice `.~lock.list.csv#`.
    """
    return name.startswith(("~$", ".~lock."))


def is_no_value(text: str) -> bool:
    """Tell whether a program wrote a text because it had no value: `nan`, `NULL`, `#N/A`."""
    return text.strip() in _NO_VALUES or _ERROR.fullmatch(text.strip()) is not None


def is_damaged_number(text: str) -> bool:
    """Tell whether a spreadsheet made a number of an identifier, of which digits are lost."""
    return _DAMAGED.fullmatch(text.strip()) is not None


def _text_rows(data: bytes, encoding: str, remarks: list[Remark]) -> Iterable[list[Cell]]:
    text, used, supposed = decode(data, encoding)
    if "\0" in text:
        raise UnreadableCsvError("this is not text: it has NUL characters")
    if supposed:
        message = f"this is not UTF-8; it was read as {used}"
        remarks.append(
            Remark("encoding", message, _START, "save the table as UTF-8", Severity.WARNING)
        )
    said = _SEPARATOR.match(text)
    delimiter = said["mark"] if said else delimiter_of(text)
    if delimiter in _NAMES:
        message = f"the cells are separated by {_NAMES[delimiter]}, not by commas"
        remarks.append(Remark("delimiter", message, _START, severity=Severity.NOTE))
    rows = read_cells(text, delimiter)
    return list(rows)[1:] if said else rows


def _cleaned(cell: Cell, remarks: list[Remark]) -> Cell:
    """Return a cell without what nobody sees, and without a formula around its text."""
    if cell.exact or (cell.text.isascii() and cell.text[:1] not in ("=", "@", "+")):
        return cell
    text = "".join(_visible(cell.text))
    stripped = text.strip(_JOINERS)
    if stripped != cell.text:
        hidden = next(char for char in cell.text if not _is_plain(char))
        message = (
            f"this cell has U+{ord(hidden):04X} ({unicodedata.name(hidden, 'no name')}), which is"
            " not seen; it was read without it"
        )
        remarks.append(Remark("invisible-character", message, cell, severity=Severity.WARNING))
    if digit := next((char for char in stripped if _is_other_digit(char)), ""):
        message = (
            f"this cell has U+{ord(digit):04X} ({unicodedata.name(digit, 'no name')}), which is"
            " another character than the digit that it looks like"
        )
        hint = "write the digits 0 to 9 of the keyboard, in half width"
        remarks.append(Remark("other-digit", message, cell, hint, Severity.WARNING))
    if formula := _TEXT_FORMULA.fullmatch(stripped):
        stripped = formula["text"].replace('""', '"')
        message = f"this cell is a formula of a text; the text is read: {stripped}"
        remarks.append(Remark("formula-text", message, cell, severity=Severity.NOTE))
    elif _FORMULA.match(stripped):
        hint = "save the table with its values; write an apostrophe before a text that begins so"
        message = "this cell is a formula, and nobody knows its value"
        remarks.append(Remark("formula", message, cell, hint))
    return replace(cell, text=stripped)


def _visible(text: str) -> Iterator[str]:
    for char in text:
        if _is_plain(char):
            yield char
        elif unicodedata.category(char) == "Zs":
            yield " "


def _is_plain(char: str) -> bool:
    kind = unicodedata.category(char)
    return char == " " or char in _JOINERS or kind not in ("Zs", "Cf")


def _is_other_digit(char: str) -> bool:
    """Tell whether a character is a digit of full width, or of another script."""
    return not char.isascii() and unicodedata.category(char) == "Nd"


def _without_blanks(
    rows: Sequence[tuple[Cell, ...]], remarks: list[Remark]
) -> Iterator[tuple[Cell, ...]]:
    """Yield the rows that are not blank, without columns that are."""
    full = [row for row in rows if not _is_blank(row)]
    if len(full) < len(rows):
        blank = next(row for row in rows if _is_blank(row))
        count = len(rows) - len(full)
        what = "1 row has" if count == 1 else f"{count:,} rows have"
        remarks.append(
            Remark("blank-row", f"{what} nothing in it", blank[0], severity=Severity.NOTE)
        )
    header = full[0] if full else ()
    unnamed = [at for at, cell in enumerate(header) if not cell.text.strip()]
    drop = {at for at in unnamed if all(len(row) <= at or _is_empty(row[at]) for row in full)}
    if drop:
        message = "a column has neither a header nor a cell in it; it is passed over"
        remarks.append(Remark("blank-column", message, header[min(drop)], severity=Severity.NOTE))
    for row in full:
        end = len(row)
        while end > len(header) and _is_empty(row[end - 1]):
            end -= 1
        yield tuple(cell for at, cell in enumerate(row[:end]) if at not in drop)


def _is_blank(row: Sequence[Cell]) -> bool:
    return all(_is_empty(cell) for cell in row)


def _is_empty(cell: Cell) -> bool:
    return not cell.text.strip()
