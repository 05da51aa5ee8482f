"""The items of one scan, those that are alike in all that is asked of a plan counted together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any, Self

from msgspec import Struct

from dicomferry.ledger.store import Ledger

_TABLE = """
CREATE TEMP TABLE IF NOT EXISTS alike (
    verdict, code, reason, destination, why, sop_class, transfer_syntax, modality, series_number,
    subject_original, session_original, study, series, remote, instances, largest, bytes
)
"""
_ITEMS = """
SELECT verdict, CASE verdict WHEN 'ready' THEN '' ELSE code END,
    CASE verdict WHEN 'ready' THEN '' ELSE reason END, destination, why, sop_class,
    transfer_syntax, modality, trim(series_number), subject_original, session_original,
    coalesce(sent_study, study), coalesce(sent_series, series), remote <> '', size
FROM item NOT INDEXED WHERE scan = ?
"""
_INSERT = "INSERT INTO temp.alike VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_MOST = 10_000
"""Groups that are gathered at a time: where nothing is alike, memory stays small all the same."""


class ItemGroups(Struct, frozen=True):
    """The items of one scan as they are now, in about as many groups as there are series.

    A million rows are read once for all that is asked of them. A group may occur more than once:
    its `instances`, its `bytes` and the `largest` of them are to be summed up.
    """

    ledger: Ledger
    scan: int

    @classmethod
    def of(cls, ledger: Ledger, scan: int) -> Self:
        """Return the groups, made anew if anything has changed since they last were."""
        if ledger.grouped != (scan, *ledger.state()):
            ledger.connection.execute(_TABLE)
            with ledger.reading() as connection:
                connection.execute("DELETE FROM temp.alike")
                rows = connection.execute(_ITEMS, (scan,))
                connection.executemany(_INSERT, _alike(rows))
            ledger.grouped = (scan, *ledger.state())
        return cls(ledger, scan)

    def ready(self, columns: str, behind: str = "", *, why: bool = False) -> Iterator[Any]:
        """Yield rows of `columns` over groups of what is to be sent, joined with the destination.

        `behind` is what follows the WHERE clause, conditions with AND first.
        """
        join = " JOIN why ON why.id = ready.why" if why else ""
        yield from self.ledger.connection.execute(
            f"SELECT {columns} FROM temp.alike AS ready"  # noqa: S608  fixed texts of this package
            f" JOIN destination ON destination.id = ready.destination{join}"
            f" WHERE verdict = 'ready' {behind}"
        )

    def count_ready(self, condition: str = "true", *, why: bool = False) -> int:
        """Return how many instances that are to be sent meet a condition."""
        (row,) = self.ready("coalesce(sum(instances), 0)", f"AND {condition}", why=why)
        return int(row[0])

    def counted(self, columns: str, condition: str = "true") -> Iterator[Any]:
        """Yield `columns` of all items that meet a condition and how many they are, most first."""
        yield from self.ledger.connection.execute(
            f"SELECT {columns}, sum(instances) AS items FROM temp.alike WHERE {condition}"  # noqa: S608
            f" GROUP BY {columns} ORDER BY items DESC, {columns}"
        )


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
