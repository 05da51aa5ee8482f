"""Makes the temporary table in which the items of one scan are counted by what they have alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any

from dicomferry.ledger.store import Ledger

_TABLE = """
CREATE TEMP TABLE IF NOT EXISTS alike (
    source, verdict, code, reason, destination, why, sop_class, transfer_syntax, modality,
    series_number, subject_original, session_original, study, series, remote,
    instances, largest, bytes
)
"""
_ITEMS = """
SELECT source, verdict, CASE verdict WHEN 'ready' THEN '' ELSE code END,
    CASE verdict WHEN 'ready' THEN '' ELSE reason END, destination, why, sop_class,
    transfer_syntax, modality, trim(series_number), subject_original, session_original,
    coalesce(sent_study, study), coalesce(sent_series, series), remote <> '', size
FROM item NOT INDEXED WHERE scan = ?
"""
_INSERT = "INSERT INTO temp.alike VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_MOST = 10_000
"""Groups that are gathered at a time: where nothing is alike, memory stays small all the same."""


def group_items(ledger: Ledger, scan: int) -> None:
    """Fill `temp.alike` with the items of a scan, anew if the ledger has changed since."""
    if ledger.grouped == (scan, *ledger.state()):
        return
    ledger.connection.execute(_TABLE)
    with ledger.reading() as connection:
        connection.execute("DELETE FROM temp.alike")
        rows = connection.execute(_ITEMS, (scan,))
        connection.executemany(_INSERT, _alike(rows))
    ledger.grouped = (scan, *ledger.state())


def _alike(rows: Iterable[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    """Yield groups of rows with the same beginning; the last column is a size.

    Those of a series are found together mostly, so that few of them have to be looked up.
    """
    groups: dict[tuple[Any, ...], tuple[int, int, int]] = {}
    for key, run in groupby(rows, key=itemgetter(slice(0, -1))):
        sizes = [row[-1] for row in run]
        count, largest, total = groups.get(key, (0, 0, 0))
        groups[key] = (count + len(sizes), max(largest, max(sizes)), total + sum(sizes))
        if len(groups) == _MOST:
            yield from _rows(groups)
            groups.clear()
    yield from _rows(groups)


def _rows(groups: dict[tuple[Any, ...], tuple[int, int, int]]) -> Iterator[tuple[Any, ...]]:
    for key, figures in groups.items():
        yield (*key, *figures)
