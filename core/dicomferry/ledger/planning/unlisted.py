"""Instances that came with their series and are in no list: they stay in the plan."""

from __future__ import annotations

from dicomferry.ledger.items import location_of, member_bytes
from dicomferry.ledger.store import Ledger

UNLISTED = "instr(item.remote, '\"unlisted\":true') > 0"
"""Holds for an item that came beyond what its server lists."""


def carry_unlisted(ledger: Ledger, scan: int) -> None:
    """Make unlisted instances a part of the scan that found something else of their series."""
    rows = ledger.connection.execute(
        "SELECT id, source, path, member FROM item"  # noqa: S608  fixed text
        f" WHERE scan < ? AND remote <> '' AND {UNLISTED}",
        (scan,),
    ).fetchall()
    found = [number for number, *place in rows if _series_is_found(ledger, scan, *place)]
    with ledger.transaction() as connection:
        connection.executemany(
            "UPDATE item SET scan = ? WHERE id = ?", [(scan, number) for number in found]
        )


def _series_is_found(ledger: Ledger, scan: int, source: str, path: bytes, member: bytes) -> bool:
    series = location_of(path, member).member.rpartition("/")[0]
    (found,) = ledger.connection.execute(
        "SELECT EXISTS (SELECT 1 FROM item WHERE source = ? AND path = ?"  # noqa: S608
        f" AND member >= ? AND member < ? AND scan = ? AND NOT ({UNLISTED}))",
        # a solidus is followed by the figure 0
        (source, path, member_bytes(f"{series}/"), member_bytes(f"{series}0"), scan),
    ).fetchone()
    return bool(found)
