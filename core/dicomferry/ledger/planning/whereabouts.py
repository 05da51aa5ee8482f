"""What is not where the last plan found it: moved to another place, or gone."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from dicomferry.ledger.items import SELECT_ITEMS, item_of
from dicomferry.ledger.rows import STAMP, Item, Verdict
from dicomferry.ledger.store import Ledger

GONE: Final = "gone"
"""The code of an item that the last plan had, and that is not there any more."""

# A receiver has the instance already, under the very edits; the file has its size and time still.
_MOVED: Final = f"""
    INSERT INTO delivery (item, sink, state, reason, retryable, stamp, sop, destination, attempts,
                          run, at)
    SELECT item.id, was.sink, was.state, was.reason, was.retryable, was.stamp, was.sop,
        item.destination, was.attempts, was.run, was.at
    FROM item
    JOIN item AS other ON coalesce(other.sent_sop, other.sop) = coalesce(item.sent_sop, item.sop)
    JOIN delivery AS was ON was.item = other.id
    WHERE item.scan = :scan AND item.verdict = 'ready' AND item.remote = ''
    AND other.id <> item.id AND other.path <> item.path AND was.state = 'stored'
    AND was.sop = coalesce(item.sent_sop, item.sop) AND was.stamp = {STAMP}
    AND was.destination = item.destination
    ON CONFLICT (item, sink) DO NOTHING
"""  # noqa: S608  fixed texts of the ledger
# Planned once and not here, and one of the sinks does not have it; nor has another place.
_MISSED: Final = f"""
    WHERE scan >= :since AND scan < :scan AND remote = ''
    AND (verdict = 'ready' OR code = '{GONE}')
    AND (SELECT count(*) FROM delivery WHERE delivery.item = item.id AND sink IN
            (SELECT value FROM json_each(:sinks)) AND state IN ('stored', 'excluded')) < :number
    AND NOT EXISTS (SELECT 1 FROM item AS other
        WHERE other.scan = :scan AND other.verdict IN ('ready', 'excluded')
        AND coalesce(other.sent_sop, other.sop) = coalesce(item.sent_sop, item.sop))
    ORDER BY id
"""  # noqa: S608  a fixed code


def take_over_deliveries(ledger: Ledger, scan: int) -> None:
    """Let files at a new place count as stored where the same ones were, under their old names.

    They are known by SOP Instance UID, edits, size and time. A folder that was renamed is not sent
    again.
    """
    with ledger.transaction() as connection:
        (any_yet,) = connection.execute("SELECT EXISTS (SELECT 1 FROM delivery)").fetchone()
        if any_yet:
            connection.execute(_MOVED, {"scan": scan})


def missed(ledger: Ledger, scan: int, sinks: Sequence[str]) -> Iterator[Item]:
    """Yield what the last plan was to bring, this scan has not seen, and not all sinks have."""
    since = int(ledger.get("planned scan") or 0)
    names = {"scan": scan, "since": since, "sinks": json.dumps(sinks), "number": len(sinks)}
    rows = ledger.connection.execute(f"{SELECT_ITEMS} {_MISSED}", names).fetchall()
    yield from map(item_of, rows)


def note_gone(
    ledger: Ledger, scan: int, verdict: Verdict, items: Iterable[tuple[Item, str]]
) -> None:
    """Make items a part of the scan, as gone, each with the reason.

    They lose their size: a file that comes back is examined anew.
    """
    with ledger.transaction() as connection:
        connection.executemany(
            "UPDATE item SET scan = ?, verdict = ?, code = ?, reason = ?, examined = 'unusable',"
            " size = -1 WHERE id = ?",
            [(scan, verdict, GONE, why, item.id) for item, why in items],
        )
