"""What is going to be sent, as every query looks at it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Self

from msgspec import Struct

from dicomferry.ledger.store import Ledger

_GROUPS = """
    CREATE TEMP TABLE ready AS SELECT destination, why, sop_class, transfer_syntax, modality,
        trim(series_number) AS series_number, subject_original, session_original,
        coalesce(sent_study, study) AS study, coalesce(sent_series, series) AS series,
        remote <> '' AS remote, count(*) AS instances, max(size) AS largest
    FROM item WHERE scan = ? AND verdict = 'ready' AND destination IS NOT NULL
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
"""


class ReadyItems(Struct, frozen=True):
    """The ready items of one scan, those that are alike in all that is asked counted together.

    There are about as many groups as series, so that a million rows are read once.
    """

    ledger: Ledger
    scan: int

    @classmethod
    def of(cls, ledger: Ledger, scan: int) -> Self:
        """Return the ready items as they are now."""
        ledger.connection.execute("DROP TABLE IF EXISTS temp.ready")
        ledger.connection.execute(_GROUPS, (scan,))
        return cls(ledger, scan)

    def grouped(self, columns: str, behind: str = "", *, why: bool = False) -> Iterator[Any]:
        """Yield rows of `columns` over groups joined with their destination.

        A group has `instances`, and the `largest` of them in bytes. `behind` is what follows the
        WHERE clause, conditions with AND first.
        """
        join = " JOIN why ON why.id = ready.why" if why else ""
        yield from self.ledger.connection.execute(
            f"SELECT {columns} FROM temp.ready"  # noqa: S608  fixed texts of this package
            f" JOIN destination ON destination.id = ready.destination{join} WHERE true {behind}"
        )

    def count(self, condition: str, *, why: bool = False) -> int:
        """Return how many ready items meet a condition."""
        (row,) = self.grouped("coalesce(sum(instances), 0)", f"AND {condition}", why=why)
        return int(row[0])

    def held(self, columns: str, codes: tuple[str, ...], behind: str = "") -> Iterator[Any]:
        """Yield rows of `columns` over items that were held back with one of `codes`."""
        marks = ", ".join("?" * len(codes))
        yield from self.ledger.connection.execute(
            f"SELECT {columns} FROM item WHERE scan = ? AND code IN ({marks}) {behind}",  # noqa: S608
            (self.scan, *codes),
        )
