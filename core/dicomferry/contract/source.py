"""Where instances come from, and the table that a source may read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol, runtime_checkable

from msgspec import Struct

from dicomferry.model import Finding


class Source(Protocol):
    """Where instances come from."""

    def discover(self) -> Iterator[Finding]:
        """Yield every file there is, and every thing that cannot be carried with its reason.

        Called once a run, in the main process; the order must be the same for the same input.
        """
        ...


class TableRow(Struct, frozen=True):
    """One row of a table: `number` counts from 1 below the header, `line` from 1 in the file."""

    number: int
    line: int
    cells: tuple[str, ...]


class Table(Struct, frozen=True):
    """A table of people's, as it was read."""

    headers: tuple[str, ...]
    rows: tuple[TableRow, ...]


@runtime_checkable
class Tabular(Protocol):
    """The optional half of a source whose findings come from the rows of a table.

    Its findings carry `table_row`, and what became of each row is told after a run.
    """

    def table(self) -> Table:
        """Return the table; raises `FerryError` when it cannot be read."""
        ...
