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
    found_study, found_series, study_date, acquired, patient, renamed, instances, largest, bytes,
    first
)
"""
_ITEMS = """
SELECT source, verdict, CASE verdict WHEN 'ready' THEN '' ELSE code END,
    CASE verdict WHEN 'ready' THEN '' ELSE reason END, destination, why, sop_class,
    transfer_syntax, modality, trim(series_number), subject_original, session_original,
    coalesce(sent_study, study), coalesce(sent_series, series), remote <> '',
    study, series, study_date, acquired, patient,
    (sent_series IS NOT NULL AND series <> '') OR (sent_sop IS NOT NULL AND sop <> ''),
    id, size
FROM item NOT INDEXED WHERE scan = ?
"""
_INSERT = f"INSERT INTO temp.alike VALUES ({', '.join('?' * 25)})"  # noqa: S608  marks alone
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
    """Yield groups of rows with the same beginning; the last columns are number and size.

    Those of a series are found together mostly, so that few of them have to be looked up.
    """
    groups: dict[tuple[Any, ...], tuple[int, int, int, int]] = {}
    for key, run in groupby(rows, key=itemgetter(slice(0, -2))):
        found = list(run)
        sizes = [row[-1] for row in found]
        count, largest, total, first = groups.get(key, (0, 0, 0, found[0][-2]))
        groups[key] = (count + len(sizes), max(largest, max(sizes)), total + sum(sizes), first)
        if len(groups) == _MOST:
            yield from _rows(groups)
            groups.clear()
    yield from _rows(groups)


def _rows(groups: dict[tuple[Any, ...], tuple[int, int, int, int]]) -> Iterator[tuple[Any, ...]]:
    for key, figures in groups.items():
        yield (*key, *figures)
