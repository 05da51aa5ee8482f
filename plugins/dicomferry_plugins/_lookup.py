"""The lookup table of a remap: rows of a CSV file by the value of a key column."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path

from msgspec import Struct

from dicomferry import (
    FerryError,
)


class LookupTable(Struct, frozen=True):
    """The selected columns of each row, by key; `name` is the file's, for messages."""

    name: str
    rows: Mapping[str, tuple[str, ...]]


def read_table(path: Path, key: str, columns: Sequence[str]) -> LookupTable:
    """Read `columns` of a UTF-8 CSV file by its column `key`, without blanks around cells.

    Raises `FerryError` with the line of a fault: a missing or repeated column, a row of another
    length, an empty key, a key with two different rows.
    """
    lines = _rows(path)
    _, header = next(lines, (1, []))
    positions = [_position(path, header, name) for name in (key, *columns)]
    rows: dict[str, tuple[str, ...]] = {}
    seen: dict[str, int] = {}
    for line, row in lines:
        if len(row) != len(header):
            raise FerryError(
                f"{path.name}:{line}: has {len(row)} cells where the header has {len(header)}"
            )
        value, *cells = (row[position] for position in positions)
        if not value:
            raise FerryError(f"{path.name}:{line}: the cell of the key column '{key}' is empty")
        if rows.setdefault(value, tuple(cells)) != tuple(cells):
            raise FerryError(
                f"{path.name}:{line}: this key has other values already in line {seen[value]}",
                hint=f"keep one row for each '{key}'",
            )
        seen.setdefault(value, line)
    return LookupTable(path.name, rows)


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield each row that is not blank, with the number of its last line."""
    reader = csv.reader(io.StringIO(_text(path), newline=""), strict=True)
    try:
        for row in reader:
            cells = [cell.strip() for cell in row]
            if any(cells):
                yield reader.line_num, cells
    except csv.Error as error:
        raise FerryError(f"{path.name}:{reader.line_num}: is not CSV: {error}") from None


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise FerryError(
            f"{path}: the lookup table cannot be read: {error.strerror}",
            hint="a relative path starts at the recipe's folder",
        ) from None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise FerryError(
            f"{path.name}:{line}: is not UTF-8 text", hint="save the table as 'CSV UTF-8'"
        ) from None


def _position(path: Path, header: list[str], name: str) -> int:
    if header.count(name) > 1:
        raise FerryError(f"{path.name}:1: has the column '{name}' twice")
    if name in header:
        return header.index(name)
    near = get_close_matches(name, header, n=1)
    if near:
        hint = f"did you mean '{near[0]}'?"
    elif len(header) == 1 and ";" in header[0]:
        hint = "separate the cells with commas, not semicolons"
    else:
        hint = f"it has {', '.join(header)}" if header else "the file is empty"
    raise FerryError(f"{path.name}:1: has no column '{name}'", hint=hint)
