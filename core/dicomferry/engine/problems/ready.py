"""The part of every query that chooses what is going to be sent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from dicomferry.ledger.store import Ledger

STUDY: Final = "coalesce(sent_study, study)"
SERIES: Final = "coalesce(sent_series, series)"


@dataclass(frozen=True, slots=True)
class ReadyItems:
    """The ready items of one scan; queries group in SQL, so that a million rows stay there."""

    ledger: Ledger
    scan: int

    def grouped(self, columns: str, behind: str = "", *, why: bool = False) -> Iterator[Any]:
        """Yield rows of `columns` over ready items joined with their destination.

        `behind` is what follows the WHERE clause, conditions with AND first.
        """
        join = " JOIN why ON why.id = item.why" if why else ""
        yield from self.ledger.connection.execute(
            f"SELECT {columns} FROM item JOIN destination ON destination.id = item.destination"  # noqa: S608  fixed texts of this package
            f"{join} WHERE scan = ? AND verdict = 'ready' {behind}",
            (self.scan,),
        )

    def count(self, condition: str, *, why: bool = False) -> int:
        """Return how many ready items meet a condition."""
        (row,) = self.grouped("count(*)", f"AND {condition}", why=why)
        return int(row[0])

    def held(self, columns: str, codes: tuple[str, ...], behind: str = "") -> Iterator[Any]:
        """Yield rows of `columns` over items that were held back with one of `codes`."""
        marks = ", ".join("?" * len(codes))
        yield from self.ledger.connection.execute(
            f"SELECT {columns} FROM item WHERE scan = ? AND code IN ({marks}) {behind}",  # noqa: S608
            (self.scan, *codes),
        )
