"""Which ready items would arrive under one SOP Instance UID."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter

from msgspec import Struct

from dicomferry.ledger.items import ITEM_COLUMNS, item_of
from dicomferry.ledger.rows import Item
from dicomferry.ledger.store import Ledger


class Twin(Struct, frozen=True):
    """One of several items with the same SOP Instance UID."""

    item: Item
    edits: str
    destination: int
    transfer_syntax_uid: str


def twins(ledger: Ledger, scan: int) -> Iterator[list[Twin]]:
    """Yield every group of two or more ready items with one SOP Instance UID, in order found."""
    # UIDs that are in the ledger twice are found by its index alone. The rest is read as a whole:
    # verdicts are written while the groups are gone through.
    rows = ledger.connection.execute(
        "SELECT coalesce(sent_sop, sop) AS uid, edits, destination, transfer_syntax,"  # noqa: S608
        f" {ITEM_COLUMNS} FROM item"
        " WHERE scan = ? AND verdict = 'ready' AND coalesce(sent_sop, sop) <> ''"
        " AND coalesce(sent_sop, sop) IN"
        " (SELECT coalesce(sent_sop, sop) FROM item GROUP BY 1 HAVING count(*) > 1)"
        " ORDER BY uid, id",
        (scan,),
    ).fetchall()
    for _, group in groupby(rows, key=itemgetter(0)):
        alike = [
            Twin(item_of(item), edits, place, syntax or "")
            for _, edits, place, syntax, *item in group
        ]
        if len(alike) > 1:
            yield alike
