"""Warn of edited labels that look like a slip of the user rather than a decision."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from dicomferry.engine.plan.choosing.line import TableLine, mark
from dicomferry.engine.plan.problems.kinds import problem, several
from dicomferry.ledger.reading.series import SeriesState
from dicomferry.model import LEVELS, Problem


class IncludedSeries(Struct, frozen=True):
    """A series that the table includes, and its line."""

    state: SeriesState
    line: TableLine


def doubts(name: str, taken: Sequence[IncludedSeries]) -> Iterator[Problem]:
    """Yield notes and warnings about the edited labels of the table called `name`."""
    edited = [one for one in taken if one.line.edited]
    if edited:
        places = dict.fromkeys(" / ".join(one.line.labels.values()) for one in edited)
        found = "1 series" if len(edited) == 1 else f"{len(edited):,} series"
        yield problem("labels-from-plan", f"{found} by {name}: {several(list(places))}")
    for level in LEVELS:
        yield from _cut(level, name, taken)
        yield from _swapped(level, name, edited)


def _cut(level: str, name: str, taken: Sequence[IncludedSeries]) -> Iterator[Problem]:
    cut = list(dict.fromkeys(one.line.labels[level] for one in taken if level in one.line.cut))
    if cut:
        yield problem(
            "zeros-restored", f"{level}s in {name} are taken for what the plan had: {several(cut)}"
        )


def _swapped(level: str, name: str, edited: Sequence[IncludedSeries]) -> Iterator[Problem]:
    lines = [one.line for one in edited if level in one.line.edited]
    if lines and {mark(level, line.labels[level]) for line in lines} == {
        line.planned[level] for line in lines
    }:
        yield problem(
            "labels-swapped",
            f"the {level}s of {len(lines):,} lines of {name} have changed places among them",
        )
