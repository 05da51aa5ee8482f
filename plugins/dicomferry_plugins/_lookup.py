"""The lookup table of a remap: rows of a table by the value of a key column."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path

from msgspec import Struct

from dicomferry import FerryError, Place, Problem, ProblemsError, Severity
from dicomferry.spreadsheet import (
    Cell,
    Remark,
    Sheet,
    UnreadableCsvError,
    is_damaged_number,
    is_no_value,
    read_sheet,
)


class LookupTable(Struct, frozen=True):
    """The selected columns of each row, by key; `name` is the file's, for messages.

    `columns` are the key column and the selected ones; `bare` are the keys as `bare` makes them.
    """

    name: str
    rows: Mapping[str, tuple[str, ...]]
    columns: tuple[str, ...]
    bare: frozenset[str]


def bare(key: str) -> str:
    """Return a number without the zeros in front of it, which spreadsheets take away."""
    return key.lstrip("0") if key.isdecimal() else key


def read_table(path: Path, key: str, columns: Sequence[str]) -> LookupTable:
    """Read `columns` of a table by its column `key`, without blanks around cells.

    Raises `FerryError` for a file that cannot be read or lacks a column, and `ProblemsError` with
    every other fault and its place: a row of another length, an empty key, a key with two different
    rows, a cell that a program has spoilt.
    """
    return _read(path, key, columns)[0]


def lookup_remarks(path: Path, key: str, columns: Sequence[str]) -> list[Problem]:
    """Return what is odd about a table; raises what `read_table` raises."""
    _, sheet = _read(path, key, columns)
    return [remark.problem(path.name) for remark in sheet.remarks]


def _read(path: Path, key: str, columns: Sequence[str]) -> tuple[LookupTable, Sheet]:
    sheet = _sheet(path)
    rows = list(_rows(path, sheet, (key, *columns)))
    faults = [*_spoilt(sheet), *_faults(rows, key, columns)]
    if faults:
        raise ProblemsError([fault.problem(path.name) for fault in faults])
    texts = ([cell.text.strip() for cell in row] for row in rows)
    table = {value: tuple(cells) for value, *cells in texts}
    names = (key, *dict.fromkeys(name for name in columns if name != key))
    return LookupTable(path.name, table, names, frozenset(map(bare, table))), sheet


def _sheet(path: Path) -> Sheet:
    try:
        return read_sheet(path.read_bytes())
    except OSError as error:
        raise FerryError(
            f"{path}: the lookup table cannot be read: {error.strerror}",
            hint="a relative path starts at the recipe's folder",
        ) from None
    except UnreadableCsvError as error:
        place = Place(path.name, error.line, error.column)
        hint = "open it in a spreadsheet program, and save it as CSV in UTF-8"
        raise ProblemsError([Problem("not-a-table", str(error), place=place, hint=hint)]) from None


def _rows(path: Path, sheet: Sheet, names: Sequence[str]) -> Iterator[tuple[Cell, ...]]:
    """Yield the cells of the named columns, row by row; an absent one is an empty cell."""
    header = [cell.text.strip() for cell in sheet.rows[0]] if sheet.rows else []
    positions = [_position(path, header, name) for name in names]
    for row in sheet.rows[1:]:
        blank = Cell("", False, row[0].line, row[0].column)
        yield tuple(row[at] if at < len(row) else blank for at in positions)


def _spoilt(sheet: Sheet) -> Iterator[Remark]:
    """Yield the errors of the whole table: formulas, and rows of another length."""
    yield from (one for one in sheet.remarks if one.severity is Severity.ERROR)
    for row in sheet.rows[1:]:
        if len(row) != len(sheet.rows[0]):
            message = f"has {len(row)} cells where the header has {len(sheet.rows[0])}"
            hint = "write a comma for every blank cell, and quotes around a value with a comma"
            yield Remark("row-length", message, row[0], hint)


def _faults(rows: Sequence[tuple[Cell, ...]], key: str, columns: Sequence[str]) -> Iterator[Remark]:
    known: dict[str, tuple[int, list[str]]] = {}
    for row in rows:
        value, *texts = (cell.text.strip() for cell in row)
        for name, cell in zip((key, *columns), row, strict=True):
            if is_no_value(cell.text):
                message = f"{name} '{cell.text.strip()}' is what a program writes for no value"
                yield Remark("no-value", message, cell, "leave the cell blank, or write the value")
            elif is_damaged_number(cell.text):
                message = f"{name} is a spreadsheet's number here: digits are lost"
                yield Remark("excel-number", message, cell, "format the column as text")
        if not value:
            message = f"the cell of the key column '{key}' is empty"
            yield Remark("no-key", message, row[0], "write the key, or delete the row")
            continue
        line, first = known.setdefault(value, (row[0].line, texts))
        if first != texts:
            message = f"this key has other values already in line {line}"
            yield Remark("key-twice", message, row[0], f"keep one row for each '{key}'")


def _position(path: Path, header: list[str], name: str) -> int:
    if header.count(name) > 1:
        raise FerryError(f"{path.name}:1: has the column '{name}' twice", hint="delete one of them")
    if name in header:
        return header.index(name)
    near = get_close_matches(name, header, n=1)
    if near:
        hint = f"did you mean '{near[0]}'?"
    else:
        hint = f"it has {', '.join(header)}" if header else "the file is empty"
    raise FerryError(f"{path.name}:1: has no column '{name}'", hint=hint)
