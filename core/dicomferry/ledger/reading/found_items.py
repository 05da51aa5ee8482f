"""Single items, looked up by their numbers, a file name or a SOP Instance UID."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct

from dicomferry.ledger.items import (
    ITEM_COLUMNS,
    SELECT_ITEMS,
    at_hand,
    destination_of,
    item_of,
    member_bytes,
)
from dicomferry.ledger.rows import Item, Verdict
from dicomferry.ledger.store import Ledger
from dicomferry.model import Destination
from dicomferry.names import bytes_of, shown

_MOST: Final = 500
"""Numbers in one question: SQLite takes 999 parameters in its oldest versions."""


class PlannedItem(Struct, frozen=True):
    """An item and the digest of its planned edits."""

    item: Item
    edits: str


class FoundItem(Struct, frozen=True):
    """An item and what the ledger says of it; `in_plan` is False where another scan found it.

    `destination` is None where nobody forecast one.
    """

    item: Item
    in_plan: bool
    verdict: Verdict
    code: str
    reason: str
    destination: Destination | None


def found_item(ledger: Ledger, number: int) -> Item:
    """Return one item as its source found it, with what a PACS told of it."""
    return item_of(ledger.connection.execute(f"{SELECT_ITEMS} WHERE id = ?", (number,)).fetchone())


def planned_items(ledger: Ledger, numbers: Sequence[int]) -> dict[int, PlannedItem]:
    """Return items by their numbers, each with the digest of its planned edits."""
    found = {}
    for at in range(0, len(numbers), _MOST):
        some = numbers[at : at + _MOST]
        marks = ", ".join("?" * len(some))
        rows = ledger.connection.execute(
            f"SELECT edits, {ITEM_COLUMNS} FROM item WHERE id IN ({marks})",  # noqa: S608
            some,
        )
        for edits, *columns in rows:
            item = item_of(columns)
            found[item.id] = PlannedItem(item, edits)
    return found


def find(ledger: Ledger, scan: int, which: str) -> FoundItem | None:
    """Return the item with a file name or SOP Instance UID, as found or as sent.

    A member of an archive is named `ARCHIVE!MEMBER`; odd bytes of a name may be written as `%FF`,
    as reports do. What the plan sends goes before what it does
    not, and that before what only an earlier scan has seen.
    """
    for name in dict.fromkeys((which, bytes_of(which))):
        path, _, member = name.partition("!")
        if found := _found(ledger, scan, which, (path, member)):
            return found
    return None


def _found(ledger: Ledger, scan: int, uid: str, name: tuple[str, str]) -> FoundItem | None:
    path, member = name
    row = ledger.connection.execute(
        "SELECT spooled.path, item.scan, verdict, code, reason, project, subject, session,"
        " item.id, source, item.path, member, item.size, item.modified_ns, names, row, remote"
        " FROM item LEFT JOIN spooled ON spooled.item = item.id"
        " LEFT JOIN destination ON destination.id = item.destination"
        " WHERE sop = ?1 OR sent_sop = ?1 OR (item.path IN (?2, ?3) AND member = ?4)"
        " ORDER BY scan DESC, verdict = 'ready' DESC, item.id LIMIT 1",
        (
            shown(uid),
            os.fsencode(path),
            os.fsencode(Path(path).absolute()),
            member_bytes(member),
        ),
    ).fetchone()
    if row is None:
        return None
    spooled, found_by, verdict, code, reason, project, subject, session, *columns = row
    here = spooled if spooled is not None and os.path.exists(spooled) else None  # noqa: PTH110
    item = at_hand(item_of(columns), here)
    place = destination_of(project, subject, session) if session is not None else None
    return FoundItem(item, found_by == scan, Verdict(verdict), code, reason, place)
