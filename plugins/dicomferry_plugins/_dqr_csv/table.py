"""The table of a DQR file: its rows and its problems."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from dicomferry import Problem, Severity


class DqrRow(Struct, frozen=True):
    """One row: the query for a PACS, and the new values for the instances that it finds.

    `number` counts the rows below the header from 1; `line` is the row's first line in the file.
    `cells` are the row's texts by header. `query` and `relabel` are texts by DICOM keyword; an
    empty text in `relabel` clears the attribute. `file` is the path of its list where there are
    several lists, whose rows are counted on from one to the next.
    """

    number: int
    line: int
    cells: Mapping[str, str]
    query: Mapping[str, str]
    relabel: Mapping[str, str]
    file: str = ""

    @property
    def labels(self) -> Mapping[str, str]:
        """The labels that the row asks for, by level; a cleared one asks for none."""
        asked = {
            level: self.relabel.get(keyword, "")
            for header, level, keyword in (
                ("Subject", "subject", "PatientName"), ("Session", "session", "StudyID"),
            )
            if header in self.cells
        }  # fmt: skip
        return {level: label for level, label in asked.items() if label}


class DqrTable(Struct, frozen=True):
    """A file: its headers in their order, its rows, and all its problems."""

    headers: tuple[str, ...]
    rows: tuple[DqrRow, ...]
    problems: tuple[Problem, ...]

    @property
    def errors(self) -> tuple[Problem, ...]:
        """Return the problems for which the source refuses the file."""
        return tuple(p for p in self.problems if p.severity is Severity.ERROR)
