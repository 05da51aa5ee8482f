"""Items of the plan by their numbers, to be read again."""

from __future__ import annotations

from collections.abc import Sequence

from dicomferry.ledger.items import ITEM_COLUMNS, SELECT_ITEMS, item_of
from dicomferry.ledger.rows import Item
from dicomferry.ledger.store import Ledger

_ITEMS = f"SELECT {ITEM_COLUMNS}, edits FROM item WHERE id IN"  # noqa: S608  fixed columns
_MOST = 500
"""Numbers in one question: SQLite takes 999 parameters in its oldest versions."""


def found_item(ledger: Ledger, number: int) -> Item:
    """Return one item as its source found it, with what a PACS told of it."""
    return item_of(ledger.connection.execute(f"{SELECT_ITEMS} WHERE id = ?", (number,)).fetchone())


def planned_items(ledger: Ledger, numbers: Sequence[int]) -> dict[int, tuple[Item, str]]:
    """Return each item and the digest of its planned edits."""
    found = {}
    for at in range(0, len(numbers), _MOST):
        some = numbers[at : at + _MOST]
        marks = ", ".join("?" * len(some))
        rows = ledger.connection.execute(f"{_ITEMS} ({marks})", some)
        found.update({row[0]: (item_of(row[:9]), row[9]) for row in rows})
    return found
