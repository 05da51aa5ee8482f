"""Where instances come from, and the table that a source may read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol, runtime_checkable

from msgspec import Struct

from dicomferry.model import Finding, Location


class Source(Protocol):
    """Where instances come from."""

    def discover(self) -> Iterator[Finding]:
        """Yield every finding, and what the source cannot carry as `Unusable` with a reason.

        The engine calls it once for each plan, in the main process, and `discover_on` of a source
        that is `ReadsDisk` instead. The order must be the same for the same input.
        """


Look = Callable[[str], None]
"""Told a path before it is looked at."""


@runtime_checkable
class ReadsDisk(Protocol):
    """The optional half of a source that reads a disk to find what there is.

    The engine calls `discover_on` instead of `discover`, in a process of its own. It gives the
    process up where a path does not answer (`DICOMFERRY_WAIT_SECONDS`), and calls it once more:
    then `look` raises `TimeoutError` for that path, which the source yields as a `NotLookedInto`.
    What the source remembers of it is lost.
    """

    def discover_on(self, look: Look) -> Iterator[Finding]:
        """Yield what `discover` yields, and tell `look` each path before it is looked at."""


class FoundCopy(Struct, frozen=True):
    """One of several findings with one SOP Instance UID. `modified_ns` is since the epoch."""

    location: Location
    modified_ns: int
    transfer_syntax_uid: str


@runtime_checkable
class Preferring(Protocol):
    """The optional half of a source that says which of several differing copies wins."""

    def rank(self, copy: FoundCopy) -> tuple[int, ...]:
        """Return the place of a copy among those of one instance: the least wins.

        Where differing copies share the first place, none of them is sent.
        """


class TableRow(Struct, frozen=True):
    """One row of a table: `number` counts from 1 below the header, `line` from 1 in the file.

    Of a table that is made of several files, `file` is the row's, and `number` is counted on.
    """

    number: int
    line: int
    cells: tuple[str, ...]
    file: str = ""


class Table(Struct, frozen=True):
    """A table that people wrote, as the source read it."""

    headers: tuple[str, ...]
    rows: tuple[TableRow, ...]


@runtime_checkable
class Tabular(Protocol):
    """The optional half of a source whose findings come from the rows of a table.

    Its findings carry `table_row`, and the report of a run says what became of each row.
    """

    def table(self) -> Table:
        """Return the table; raises `FerryError` when it cannot be read."""
