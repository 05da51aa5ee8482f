"""A DQR file as it was understood."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from dicomferry.model import Problem, Severity


class DqrRow(Struct, frozen=True):
    """One row: what to ask for, and what to write into what comes.

    `number` counts the rows below the header from 1, `line` is where it starts in the file.
    `cells` are the row's texts by header. `query` and `relabel` are texts by DICOM keyword; an
    empty text in `relabel` clears the attribute.
    """

    number: int
    line: int
    cells: Mapping[str, str]
    query: Mapping[str, str]
    relabel: Mapping[str, str]


class DqrTable(Struct, frozen=True):
    """A whole file: its headers in their order, its rows, and everything that is to be told."""

    headers: tuple[str, ...]
    rows: tuple[DqrRow, ...]
    problems: tuple[Problem, ...]

    @property
    def errors(self) -> tuple[Problem, ...]:
        """Return the problems for which nothing of the file may be carried out."""
        return tuple(p for p in self.problems if p.severity is Severity.ERROR)
