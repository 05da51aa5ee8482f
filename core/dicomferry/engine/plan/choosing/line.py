"""One line of the table: what is written of a series, and by what it is known again."""

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
"""What `include` says of a file that the plan holds back."""

SEVERAL: Final = "; "
UNASSIGNED: Final = "Unassigned"


class TableLine(Struct, frozen=True):
    """One series of the table, and whether it is wanted.

    `labels` are its cells by level, `planned` the marks of what the plan had there. `content` is
    what it said of the instances. `cut` are the levels whose cells a spreadsheet had taken the
    leading zeros from; `places` are those of all its cells.
    """

    include: bool
    key: tuple[str, ...]
    labels: Mapping[str, str]
    planned: Mapping[str, str]
    content: str
    cut: frozenset[str]
    places: Mapping[str, Place]

    @property
    def edited(self) -> dict[str, str]:
        """The labels that are not what the plan had there."""
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
    """Return a key as it is written; the row is left empty where there is no table."""
    source, row, study, series = key
    return (source, str(row or ""), study, series)


def label_cells(destinations: Sequence[Destination]) -> dict[str, str]:
    """Return project, subject and session as they are written; several stand side by side."""
    return {level: SEVERAL.join(names) for level, names in label_names(destinations).items()}


def label_names(destinations: Sequence[Destination]) -> dict[str, tuple[str, ...]]:
    """Return the distinct names of each level."""
    names = [(d.project or UNASSIGNED, d.subject or "", d.session) for d in destinations]
    distinct = [tuple(dict.fromkeys(level)) for level in zip(*names, strict=True)]
    return dict(zip(LEVELS, distinct or [(), (), ()], strict=True))


def check_of(state: SeriesState) -> str:
    """Return what stands under `check`: a mark for each label, and what was found."""
    marks = (mark(level, cell) for level, cell in label_cells(state.destinations).items())
    return f"p{''.join(marks)}-{content_mark(state)}"  # it begins with no digit, for Excel


def mark(level: str, cell: str) -> str:
    """Return what changes when somebody edits a label."""
    return hashlib.sha256(f"{level}\n{cell}".encode()).hexdigest()[:8]


def content_mark(state: SeriesState) -> str:
    """Return what changes when the source has something else there."""
    return f"{len(state.ready) + state.held}x{state.content[:12]}"
