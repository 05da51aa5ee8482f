"""How many instances of a plan came beyond what their servers list."""

from __future__ import annotations

from dicomferry.ledger.planning.unlisted import UNLISTED
from dicomferry.ledger.store import Ledger


def unlisted(ledger: Ledger, scan: int) -> dict[str, int]:
    """Return how many unlisted instances there are of each series, by its UID."""
    return dict(
        ledger.connection.execute(
            "SELECT series, count(*) FROM item"  # noqa: S608  fixed text
            f" WHERE scan = ? AND remote <> '' AND {UNLISTED} GROUP BY series ORDER BY min(id)",
            (scan,),
        ).fetchall()
    )
