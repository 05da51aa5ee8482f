"""Compare a table with the plan of now, and exclude the series that it does not include."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from dicomferry.engine.plan.choosing.doubts import IncludedSeries, doubts
from dicomferry.engine.plan.choosing.line import (
    KEY,
    SEVERAL,
    TableLine,
    content_mark,
    key_cells,
    label_names,
)
from dicomferry.engine.plan.choosing.reading import AGAIN, EMPTIED, SavedPlan, place_order
from dicomferry.errors import ProblemsError
from dicomferry.ledger.planning.catalog import PlanWriter
from dicomferry.ledger.reading.plan_reader import PlanReader
from dicomferry.ledger.reading.series import SeriesState
from dicomferry.ledger.rows import Verdict
from dicomferry.model import Place, Problem

NOT_CHOSEN = "not-chosen"

CHOSEN = "chosen"
"""The code of a table row of which somebody has chosen among the studies it finds."""


def choose(catalog: PlanWriter, path: Path, saved: SavedPlan) -> list[Problem]:
    """Exclude the series that a table does not include; return the doubts about its labels.

    The plan in the ledger must be made with the labels of the table. The next plan starts from all
    series again. Raises `ProblemsError` with every fault of the table and with what has changed
    when it is of another plan.
    """
    plan = PlanReader(catalog.ledger, catalog.scan)
    listed = {line.key: line for line in saved.lines}
    problems = list(saved.faults)
    unsound = {problem.place for problem in problems}
    missed: dict[str, list[SeriesState]] = defaultdict(list)
    left_out: list[int] = []
    taken: list[IncludedSeries] = []
    candidates: list[int] = []
    for state in plan.series():
        line = listed.pop(key_cells(state.key), None)
        if line is None:
            missed[content_mark(state)] += [state] if state.ready or state.candidates else []
            continue
        if not line.faulty and line.content != content_mark(state):
            problems.append(_changed(state, line))
        elif unsound.isdisjoint(line.places.values()):
            problems += _renamed(state, line)
        if not line.include:
            left_out += state.ready
        elif state.ready:
            taken.append(IncludedSeries(state, line))
            candidates += state.ready if line.is_candidate else ()
    for line in listed.values():
        alike = missed[line.content]
        problems.append(_edited_key(alike.pop(), line) if alike else _vanished(line))
    unlisted = [state for states in missed.values() for state in states if state.ready]
    if unlisted and not saved.lines:
        problems.append(_emptied(len(unlisted), path))
    else:
        problems += (_unlisted(state, path) for state in unlisted)
    if problems:
        raise ProblemsError(sorted(problems, key=place_order))
    rows = plan.refused_rows(candidates)
    if left_out or rows:
        # No later plan may reuse a plan with a choice in it: it must start from all series.
        catalog.plan_opened()
        reason = f"not chosen in {path.name}"
        catalog.hold((item, Verdict.EXCLUDED, NOT_CHOSEN, reason) for item in left_out)
        catalog.hold(
            (row, Verdict.EXCLUDED, CHOSEN, f"{_studies(count)} of it chosen in {path.name}")
            for row, count in rows.items()
        )
    return list(doubts(path.name, taken))


def _studies(count: int) -> str:
    return "1 study" if count == 1 else f"{count:,} studies"


def _unlisted(state: SeriesState, path: Path) -> Problem:
    return Problem(
        "plan-new", f"{_named(key_cells(state.key))} is not in it: new since, or its line was"
        " deleted",
        place=Place(str(path), 1, 1), hint=f"say include: no to leave one out, or {AGAIN}",
    )  # fmt: skip


def _emptied(count: int, path: Path) -> Problem:
    return Problem(
        "plan-empty", f"there is no line below the header, and the plan has {count:,} series",
        place=Place(str(path), 1, 1), hint=EMPTIED,
    )  # fmt: skip


def _edited_key(state: SeriesState, line: TableLine) -> Problem:
    """Return the fault of a line that is of a series of the plan but for a cell of its key."""
    cells = zip(KEY, key_cells(state.key), line.key, strict=True)
    name, was, now = next(one for one in cells if one[1] != one[2])
    return Problem(
        "plan-gone", f"{name} was edited: it is '{now}', the plan has '{was}'",
        place=line.places[name], hint="write what the plan has",
    )  # fmt: skip


def _vanished(line: TableLine) -> Problem:
    return Problem(
        "plan-gone", f"{_named(line.key)} is not there any more, or its source, row or UIDs were"
        " edited",
        place=line.places["SeriesInstanceUID"], hint=AGAIN,
    )  # fmt: skip


def _changed(state: SeriesState, line: TableLine) -> Problem:
    before, now = line.content.partition("x")[0], len(state.ready) + state.held
    told = f"it had {before} instances and has {now}"
    if before == str(now):
        told = f"its {now} instances are others, or were changed"
    return Problem(
        "plan-changed", f"{_named(line.key)} has changed since: {told}",
        place=line.places["check"], hint=AGAIN,
    )  # fmt: skip


def _renamed(state: SeriesState, line: TableLine) -> Iterator[Problem]:
    # Leave the labels out: one may be a patient's name, and this text goes to standard error.
    edited = line.edited
    for level, now in label_names(state.settled).items():
        cell = line.labels[level]
        if level not in edited:
            if not set(now) <= set(cell.split(SEVERAL)):
                told = "is another now, by another recipe, table or edited label"
                yield _label(level, told, line)
        elif line.include and any(name != cell for name in now):
            yield _label(level, "that is asked for is not the one XNAT would take", line)


def _label(level: str, told: str, line: TableLine) -> Problem:
    return Problem(
        "plan-label", f"the {level} {told}", place=line.places[level],
        hint=f"have identify in the recipe name all that is wanted, and {AGAIN}",
    )  # fmt: skip


def _named(key: tuple[str, ...]) -> str:
    source, row, study, series = key
    return f"series {series} of study {study} ({source}{f', row {row}' if row else ''})"
