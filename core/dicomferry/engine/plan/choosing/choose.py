"""Compare a table with the plan of now, and exclude the series that it does not include."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from dicomferry.engine.plan.choosing.doubts import IncludedSeries, doubts
from dicomferry.engine.plan.choosing.line import (
    SEVERAL,
    TableLine,
    content_mark,
    key_cells,
    label_names,
)
from dicomferry.engine.plan.choosing.reading import AGAIN, place_order
from dicomferry.errors import ProblemsError
from dicomferry.ledger.planning.catalog import PlanWriter
from dicomferry.ledger.reading.plan_reader import PlanReader
from dicomferry.ledger.reading.series import SeriesState
from dicomferry.ledger.rows import Verdict
from dicomferry.model import Place, Problem

NOT_CHOSEN = "not-chosen"

CHOSEN = "chosen"
"""The code of a table row of which somebody has chosen among the studies it finds."""


def choose(catalog: PlanWriter, path: Path, lines: Iterable[TableLine]) -> list[Problem]:
    """Exclude the series that a table does not include; return the doubts about its labels.

    The plan in the ledger must be made with the labels of the table. The next plan starts from all
    series again. Raises `ProblemsError` with what has changed when the table is of another plan.
    """
    plan = PlanReader(catalog.ledger, catalog.scan)
    listed = {line.key: line for line in lines}
    problems: list[Problem] = []
    left_out: list[int] = []
    taken: list[IncludedSeries] = []
    candidates: list[int] = []
    for state in plan.series():
        line = listed.pop(key_cells(state.key), None)
        if line is None:
            problems += _unlisted(state, path)
            continue
        problems += _differences(state, line)
        if not line.include:
            left_out += state.ready
        elif state.ready:
            taken.append(IncludedSeries(state, line))
            candidates += state.ready if line.is_candidate else ()
    problems += map(_vanished, listed.values())
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


def _unlisted(state: SeriesState, path: Path) -> Iterator[Problem]:
    if state.ready:
        yield Problem(
            "plan-new", f"{_named(key_cells(state.key))} is not in it: new since, or its line was"
            " deleted",
            place=Place(str(path), 1, 1), hint=f"say include: no to leave one out, or {AGAIN}",
        )  # fmt: skip


def _vanished(line: TableLine) -> Problem:
    return Problem(
        "plan-gone", f"{_named(line.key)} is not there any more, or its source, row or UIDs were"
        " edited",
        place=line.places["SeriesInstanceUID"], hint=AGAIN,
    )  # fmt: skip


def _differences(state: SeriesState, line: TableLine) -> Iterator[Problem]:
    if line.content == content_mark(state):
        yield from _renamed(state, line)
        return
    before, now = line.content.partition("x")[0], len(state.ready) + state.held
    told = f"it had {before} instances and has {now}"
    if before == str(now):
        told = f"its {now} instances are others, or were changed"
    yield Problem(
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
