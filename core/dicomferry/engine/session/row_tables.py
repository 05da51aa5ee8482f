"""What became of each row of a table, as tables that go back to the people who wrote them."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from dicomferry.contract.source import Table, Tabular
from dicomferry.engine.pipeline.steps import Steps
from dicomferry.errors import FerryError
from dicomferry.ledger.reading.plan_reader import PlanReader
from dicomferry.ledger.reading.table_rows import RowState
from dicomferry.private import open_private
from dicomferry.spreadsheet import REJECTED_BECAUSE, neutral

CARRIED = "carried-with-another-row"
"""The code by which a source tells that a row's studies come by an earlier row."""

_HEADERS = ("source", "row", "line", "outcome", "studies", "series", "instances")
_NOTES = ("answer-differs", "list-completed")
"""The codes of what is told of a row, whatever became of it."""

_STATES = ("candidate", "stored", "excluded", "rejected", "failed", "due")


def write_row_tables(steps: Steps, plan: PlanReader, folder: Path) -> list[Path]:
    """Write `rows.csv`, and `rejects.csv` for each table; return what was written.

    With several tables the rejects of the second are in `rejects-NAME.csv`, by the source's id.
    Raises `FerryError` when they cannot be written.
    """
    tables = [(s.id, s.source.table()) for s in steps.sources if isinstance(s.source, Tabular)]
    if not tables:
        return []
    sinks = [sink_step.key for sink_step in steps.sinks]
    written = [folder / "rows.csv"]
    told: list[list[str]] = [[*_HEADERS, *_STATES, "reason"]]
    listed = any(row.file for _, table in tables for row in table.rows)
    if listed:
        told[0].append("list")
    for name, table in tables:
        states = plan.table_rows(name, sinks)
        rows = zip(table.rows, _rows(name, table, states), strict=True)
        told += [[*cells, row.file] if listed else cells for row, cells in rows]
        path = folder / ("rejects.csv" if len(written) == 1 else f"rejects-{name}.csv")
        write_table(path, [[*_columns(table), REJECTED_BECAUSE], *_rejects(table, states)])
        written.append(path)
    write_table(written[0], told)
    return written


def _rows(name: str, table: Table, states: dict[int, RowState]) -> Iterator[list[str]]:
    for row in table.rows:
        state = states.get(row.number, RowState())
        found = (state.studies, state.series, state.instances)
        numbers = map(str, (*found, *(state.states[s] for s in _STATES)))
        yield [
            name, str(row.number), str(row.line), _outcome(state), *numbers, _reason(state),
        ]  # fmt: skip


def _rejects(table: Table, states: dict[int, RowState]) -> Iterator[list[str]]:
    kept = [i for i, header in enumerate(table.headers) if header != REJECTED_BECAUSE]
    for row in table.rows:
        state = states.get(row.number, RowState())
        if _outcome(state) in ("rejected", "failed", "incomplete"):
            yield [*(row.cells[i] for i in kept), _reason(state)]


def _columns(table: Table) -> list[str]:
    return [header for header in table.headers if header != REJECTED_BECAUSE]


def _outcome(state: RowState) -> str:
    counts = state.states
    for word in ("rejected", "failed"):
        if counts[word]:
            return "incomplete" if counts["stored"] else word
    if counts["due"]:
        return "due"
    if counts["stored"]:
        return "stored"
    if counts[CARRIED]:
        return "carried"
    return "excluded" if counts["excluded"] else "nothing found"


def _reason(state: RowState) -> str:
    telling = ("rejected", "failed", CARRIED)
    told = [next((state.reasons[s] for s in telling if state.reasons.get(s)), "")]
    if not told[0] and state.stored_before and _outcome(state) == "stored":
        told = [f"stored before, by the run of {state.stored_before}"]
    told += (state.reasons.get(code, "") for code in _NOTES)
    return "; ".join(filter(None, told))


def write_table(path: Path, rows: Iterable[list[str]]) -> None:
    """Write a table that only its owner may read; raises `FerryError` when it cannot be done."""
    scratch = path.with_suffix(".part")
    try:
        with open_private(scratch, newline="") as file:
            csv.writer(file).writerows([neutral(cell) for cell in row] for row in rows)
        os.replace(scratch, path)  # noqa: PTH105  the atomic step
    except OSError as error:
        raise FerryError(f"{path}: cannot be written: {error.strerror}") from None
