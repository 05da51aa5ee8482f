"""Every UID that was changed, before and after."""

from __future__ import annotations

from collections.abc import Iterator

from dicomferry.ledger.store import Ledger


def crosswalk(ledger: Ledger) -> Iterator[tuple[str, str, str]]:
    """Yield every changed UID once: (kind, before, after)."""
    for kind in ("study", "series", "sop"):
        rows = ledger.connection.execute(
            f"SELECT DISTINCT {kind}, sent_{kind} FROM item"  # noqa: S608  a fixed name
            f" WHERE sent_{kind} IS NOT NULL ORDER BY 1, 2"
        )
        for before, after in rows:
            yield (kind, before, after)
