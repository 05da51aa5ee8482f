"""What was chosen, compared with the plan of now and put into effect."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from dicomferry.engine.choosing.line import (
    LEVELS,
    SEVERAL,
    content_mark,
    key_cells,
    label_cells,
    label_names,
    seal,
)
from dicomferry.engine.choosing.reading import Line
from dicomferry.errors import ProblemsError
from dicomferry.ledger.catalog import CatalogWriter
from dicomferry.ledger.rows import Verdict
from dicomferry.ledger.series import SeriesState, series_states
from dicomferry.ledger.store import Ledger
from dicomferry.model import Place, Problem

NOT_CHOSEN = "not-chosen"
_AGAIN = "make it again with `dicomferry plan RECIPE -o FILE` and choose anew"
_LABELS = "labels are edited in the recipe, or in the row of the source's own CSV"


def choose(ledger: Ledger, catalog: CatalogWriter, path: Path, lines: Iterable[Line]) -> int:
    """Exclude what the lines of a table do not include; return how many instances that are.

    Holds for the plan in the ledger; the next one is made of everything again. Raises
    `ProblemsError` where the table is not one of this plan, saying what has changed.
    """
    listed = {line.key: line for line in lines}
    problems: list[Problem] = []
    left_out: list[int] = []
    for state in series_states(ledger, catalog.scan):
        line = listed.pop(key_cells(state.key), None)
        if line is None:
            problems += _unlisted(state, path)
            continue
        problems += _differences(state, line)
        if not line.include:
            left_out += state.ready
    problems += map(_vanished, listed.values())
    if problems:
        raise ProblemsError(sorted(problems, key=_order))
    if left_out:
        # A plan with a choice in it is nobody else's: the next one is to look at everything.
        catalog.plan_opened()
        reason = f"not chosen in {path.name}"
        catalog.hold((item, Verdict.EXCLUDED, NOT_CHOSEN, reason) for item in left_out)
    return len(left_out)


def _unlisted(state: SeriesState, path: Path) -> Iterator[Problem]:
    if state.ready:
        yield Problem(
            "plan-new", f"{_named(key_cells(state.key))} is not in it: new since, or its line was"
            " deleted",
            place=Place(str(path), 1, 1), hint=f"say include: no to leave one out, or {_AGAIN}",
        )  # fmt: skip


def _vanished(line: Line) -> Problem:
    return Problem(
        "plan-gone", f"{_named(line.key)} is not there any more, or its source, row or UIDs were"
        " edited",
        place=line.places["SeriesInstanceUID"], hint=_AGAIN,
    )  # fmt: skip


def _differences(state: SeriesState, line: Line) -> Iterator[Problem]:
    own, _, content = line.check.partition("-")
    if content != content_mark(state):
        before, now = content.partition("x")[0], len(state.ready) + state.held
        told = f"it had {before} instances and has {now}"
        if before == str(now):
            told = f"its {now} instances are others, or were changed"
        yield Problem(
            "plan-changed", f"{_named(line.key)} has changed since: {told}",
            place=line.places["check"], hint=_AGAIN,
        )  # fmt: skip
    elif own != seal(line.key, line.labels):
        yield from _edited(state, line)
    else:
        yield from _renamed(state, line)


def _edited(state: SeriesState, line: Line) -> Iterator[Problem]:
    planned = label_cells(state.destinations)
    found = [
        _label(level, f"the {level} was edited: '{cell}', planned as '{was}'", line, _LABELS)
        for level, cell, was in zip(LEVELS, line.labels, planned, strict=True)
        if cell != was
    ]
    yield from found or [_label("check", "this line was edited", line, _AGAIN)]


def _renamed(state: SeriesState, line: Line) -> Iterator[Problem]:
    for level, cell, now in zip(LEVELS, line.labels, label_names(state.settled), strict=True):
        if not set(now) <= set(cell.split(SEVERAL)):
            message = f"the {level} is '{SEVERAL.join(now)}' now, by another recipe or table"
            yield _label(level, message, line, _AGAIN)


def _label(column: str, message: str, line: Line, hint: str) -> Problem:
    return Problem("plan-label", message, place=line.places[column], hint=hint)


def _named(key: tuple[str, ...]) -> str:
    source, row, study, series = key
    return f"series {series} of study {study} ({source}{f', row {row}' if row else ''})"


def _order(problem: Problem) -> tuple[int, int]:
    return (problem.place.line, problem.place.column) if problem.place else (0, 0)
