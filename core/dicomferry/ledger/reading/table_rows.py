"""What became of the rows of a source's table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from msgspec import Struct, field

from dicomferry.ledger.rows import STAMP
from dicomferry.ledger.store import Ledger


class RowState(Struct):
    """What a row has found, its instances by state, and the first reason of each state.

    `studies`, `series` and `instances` count as the lines of a saved plan do, candidates too.
    What its source tells of a row, beside instances, counts by its code.
    `stored_before` is the start of the last run that stored anything of it, where later runs had
    nothing left to store.
    """

    studies: int = 0
    series: int = 0
    instances: int = 0
    states: Counter[str] = field(default_factory=Counter)
    reasons: dict[str, str] = field(default_factory=dict)
    stored_before: str = ""


def row_states(ledger: Ledger, scan: int, source: str, sinks: Sequence[str]) -> dict[int, RowState]:
    """Return by row number what became of its instances at the sink that has them least.

    States are `stored`, `excluded`, `rejected`, `failed`, `due` and `candidate`; a row itself that
    somebody has chosen from is in none.
    """
    found: dict[int, RowState] = {}
    for sink in sinks or ("",):
        states = _at_sink(ledger, scan, source, sink)
        for number, state in states.items():
            known = found.setdefault(number, state)
            if state.states["stored"] < known.states["stored"]:
                found[number] = state
    return found


def _at_sink(ledger: Ledger, scan: int, source: str, sink: str) -> dict[int, RowState]:
    found: dict[int, RowState] = {}
    rows = ledger.connection.execute(
        "SELECT table_row, CASE WHEN verdict = 'passed' OR code = 'candidate' THEN code"  # noqa: S608
        "  WHEN verdict <> 'ready' THEN verdict"
        "  WHEN delivery.state IS NULL THEN 'due'"
        f"  WHEN delivery.stamp <> {STAMP} THEN 'due' ELSE delivery.state END AS state,"
        " count(*), min(CASE WHEN verdict <> 'ready' THEN item.reason"
        "  ELSE coalesce(delivery.reason, '') END)"
        " FROM item LEFT JOIN delivery ON delivery.item = item.id AND delivery.sink = :sink"
        " WHERE scan = :scan AND source = :source AND table_row > 0 AND code <> 'chosen'"
        " GROUP BY 1, 2",
        {"sink": sink, "scan": scan, "source": source},
    )
    for number, state, count, reason in rows:
        row = found.setdefault(number, RowState())
        row.states[state] += count
        row.reasons[state] = reason
    for number, studies, series, instances in ledger.connection.execute(
        "SELECT table_row, count(DISTINCT study), count(DISTINCT series), count(series) FROM item"
        " WHERE scan = ? AND source = ? AND table_row > 0 GROUP BY 1",
        (scan, source),
    ):
        row = found.setdefault(number, RowState())
        row.studies, row.series, row.instances = studies, series, instances
    for number, started in ledger.connection.execute(
        "SELECT table_row, run.started FROM run JOIN (SELECT table_row, max(delivery.run) AS last"
        " FROM item JOIN delivery ON delivery.item = item.id AND delivery.sink = ?"
        " WHERE scan = ? AND source = ? AND table_row > 0 AND delivery.state = 'stored'"
        " GROUP BY 1) ON last = run.id WHERE last < (SELECT max(id) FROM run)",
        (sink, scan, source),
    ):
        found[number].stored_before = started
    return found
