"""One line of the table: the cells of a series, its key, and the marks that detect changes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import Struct

from dicomferry.ledger.reading.series import SeriesKey, SeriesState
from dicomferry.model import LEVELS, Destination, Place

HEADERS: Final = (
    "include", "source", "row", "project", "subject", "session", "PatientID", "PatientName",
    "StudyDate", "StudyDescription", "Modality", "SeriesNumber", "SeriesDescription",
    "instances", "held", "StudyInstanceUID", "SeriesInstanceUID", "check", "file", "reason",
)  # fmt: skip

KEY: Final = ("source", "row", "StudyInstanceUID", "SeriesInstanceUID")

HELD: Final = "held"
"""The word in the column `include` for a file that the plan holds back."""

SEVERAL: Final = "; "
UNASSIGNED: Final = "Unassigned"


class TableLine(Struct, frozen=True):
    """One series of the table; `include` says whether the user wants it sent.

    `labels` are the label cells by level, `planned` the marks of the labels that the plan had.
    `content` is the mark of the instances that the plan had. `is_candidate` where it is of one of
    several studies that a row found. `cut` are the levels whose cells lost
    their leading zeros to a spreadsheet program. `places` has the place of every cell. `faulty`
    where a cell of it cannot be understood: then only its key and its place are to be relied on.
    """

    include: bool
    key: tuple[str, ...]
    labels: Mapping[str, str]
    planned: Mapping[str, str]
    content: str
    is_candidate: bool
    cut: frozenset[str]
    places: Mapping[str, Place]
    faulty: bool = False

    @property
    def edited(self) -> dict[str, str]:
        """The labels that differ from those of the plan."""
        return {
            level: label
            for level, label in self.labels.items()
            if mark(level, label) != self.planned[level]
        }

    @property
    def series(self) -> tuple[str, str, str]:
        """The source, and the UIDs of study and series."""
        source, _, study, series = self.key
        return source, study, series


def key_cells(key: SeriesKey) -> tuple[str, ...]:
    """Return the cells of a key; the row is empty for a source without a table."""
    source, row, study, series = key
    return (source, str(row or ""), study, series)


def label_cells(destinations: Sequence[Destination]) -> dict[str, str]:
    """Return the cells for project, subject and session; one cell joins several labels."""
    return {level: SEVERAL.join(names) for level, names in label_names(destinations).items()}


def label_names(destinations: Sequence[Destination]) -> dict[str, tuple[str, ...]]:
    """Return the different labels of each level."""
    names = [(d.project or UNASSIGNED, d.subject or "", d.session) for d in destinations]
    distinct = [tuple(dict.fromkeys(level)) for level in zip(*names, strict=True)]
    return dict(zip(LEVELS, distinct or [(), (), ()], strict=True))


def check_of(state: SeriesState) -> str:
    """Return the cell `check`: a mark for each label, and one for the instances."""
    marks = (mark(level, cell) for level, cell in label_cells(state.destinations).items())
    # Excel reads a cell that begins with a digit as a number.
    kind = "c" if state.candidates else "p"
    return f"{kind}{''.join(marks)}-{content_mark(state)}"


def mark(level: str, cell: str) -> str:
    """Return the mark of a label: it changes when a user edits the label."""
    return hashlib.sha256(f"{level}\n{cell}".encode()).hexdigest()[:8]


def content_mark(state: SeriesState) -> str:
    """Return the mark of a series: it changes when its instances in the source change."""
    return f"{len(state.ready) + state.held}x{state.content[:12]}"
