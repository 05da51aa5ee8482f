"""A saved plan as a table, as a spreadsheet program reads and writes it."""

from __future__ import annotations

import csv
from pathlib import Path

Rows = list[dict[str, str]]


def read(path: Path) -> Rows:
    """Return the lines of a table."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def write(path: Path, rows: Rows, *, delimiter: str = ",", encoding: str = "utf-8") -> None:
    """Write the lines of a table."""
    with path.open("w", newline="", encoding=encoding) as file:
        writer = csv.DictWriter(file, list(rows[0]), delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows)
