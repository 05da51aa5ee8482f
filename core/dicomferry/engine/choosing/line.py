"""One line of the table: what is written of a series, and by what it is known again."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final

from dicomferry.ledger.series import SeriesKey, SeriesState
from dicomferry.model import Destination

HEADERS: Final = (
    "include", "source", "row", "project", "subject", "session", "PatientID", "PatientName",
    "StudyDate", "StudyDescription", "Modality", "SeriesNumber", "SeriesDescription",
    "instances", "held", "StudyInstanceUID", "SeriesInstanceUID", "check", "file", "reason",
)  # fmt: skip

KEY: Final = ("source", "row", "StudyInstanceUID", "SeriesInstanceUID")
LEVELS: Final = ("project", "subject", "session")

HELD: Final = "held"
"""What `include` says of a file that the plan holds back."""

SEVERAL: Final = "; "


def key_cells(key: SeriesKey) -> tuple[str, ...]:
    """Return a key as it is written; the row is left empty where there is no table."""
    source, row, study, series = key
    return (source, str(row or ""), study, series)


def label_cells(destinations: Sequence[Destination]) -> tuple[str, ...]:
    """Return project, subject and session as they are written; several stand side by side."""
    return tuple(SEVERAL.join(names) for names in label_names(destinations))


def label_names(destinations: Sequence[Destination]) -> tuple[tuple[str, ...], ...]:
    """Return the distinct names of each level."""
    names = [(d.project or "Unassigned", d.subject or "", d.session) for d in destinations]
    return tuple(tuple(dict.fromkeys(level)) for level in zip(*names, strict=True)) or ((), (), ())


def check_of(state: SeriesState) -> str:
    """Return what stands under `check`: of the line's own cells, and of what was found."""
    own = seal(key_cells(state.key), label_cells(state.destinations))
    return f"{own}-{content_mark(state)}"


def seal(key: Sequence[str], labels: Sequence[str]) -> str:
    """Return what changes when somebody edits the cells; it begins with no digit, for Excel."""
    return "p" + hashlib.sha256("\n".join((*key, *labels)).encode()).hexdigest()[:12]


def content_mark(state: SeriesState) -> str:
    """Return what changes when the source has something else there."""
    return f"{len(state.ready) + state.held}x{state.content[:12]}"
