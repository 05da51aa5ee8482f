"""What is not where the last plan found it: moved to another place, or gone."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from dicomferry.ledger.items import ITEM_COLUMNS, SELECT_ITEMS, item_of
from dicomferry.ledger.rows import STAMP, Examined, Item, Verdict
from dicomferry.ledger.store import Ledger

if TYPE_CHECKING:
    from sqlite3 import Connection

GONE: Final = "gone"
"""The code of an item that the last plan had, and that is not there any more."""

_SAME_BUT_TIME: Final = (
    "substr(was.stamp, 1, 33 + length(item.size)) = substr(item.edits, 1, 32) || ':' || item.size"
)
# What was stored from another path under the same SOP Instance UID, and is in this scan's plan.
_ELSEWHERE: Final = """
    FROM item
    JOIN item AS other ON coalesce(other.sent_sop, other.sop) = coalesce(item.sent_sop, item.sop)
    JOIN delivery AS was ON was.item = other.id
    WHERE item.scan = :scan AND item.verdict = 'ready' AND item.remote = ''
    AND other.id <> item.id AND other.path <> item.path AND was.state = 'stored'
    AND was.sop = coalesce(item.sent_sop, item.sop) AND was.destination = item.destination
"""
# A receiver has the instance already, under the very edits; the file has its size and time still,
# or its bytes were compared.
_MOVED: Final = f"""
    INSERT INTO delivery (item, sink, state, reason, retryable, stamp, sop, destination, attempts,
                          run, at)
    SELECT item.id, was.sink, was.state, was.reason, was.retryable, {STAMP}, was.sop,
        item.destination, was.attempts, was.run, was.at
    {_ELSEWHERE}
    AND (was.stamp = {STAMP}
        OR {_SAME_BUT_TIME} AND item.id IN (SELECT value FROM json_each(:copies)))
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
_LOST: Final = f"""
    SELECT 1 FROM item WHERE id = ? AND sop IS NOT NULL AND code IN ('', '{GONE}') AND (
        NOT EXISTS (SELECT 1 FROM delivery WHERE delivery.item = item.id AND state = 'stored')
        OR EXISTS (SELECT 1 FROM delivery
            WHERE delivery.item = item.id AND state NOT IN ('stored', 'excluded')))
"""  # noqa: S608  a fixed code
_NO_MORE: Final = "was an instance in the last plan, is not stored everywhere, and is none any more"


class Retimed(Struct, frozen=True):
    """An item that differs by its path and time alone from what `run` stored under `sop`."""

    item: Item
    run: int
    sop: str


def retimed(ledger: Ledger, scan: int) -> Iterator[Retimed]:
    """Yield what may be copies, without their times, of files that were stored."""
    if not _any_delivery(ledger):
        return
    columns = ", ".join(f"item.{column}" for column in ITEM_COLUMNS.split(", "))
    rows = ledger.connection.execute(
        f"SELECT was.run, was.sop, {columns} {_ELSEWHERE} AND was.stamp <> {STAMP}"  # noqa: S608
        f" AND {_SAME_BUT_TIME} AND NOT EXISTS (SELECT 1 FROM delivery"
        " WHERE delivery.item = item.id AND delivery.sink = was.sink) ORDER BY item.id",
        {"scan": scan},
    ).fetchall()
    for run, sop, *item in rows:
        yield Retimed(item_of(item), run, sop)


def take_over_deliveries(ledger: Ledger, scan: int, copies: Iterable[int] = ()) -> None:
    """Let files at a new place count as stored where the same ones were, under their old names.

    They are known by SOP Instance UID, edits, size and time; of `copies` the caller has compared
    the bytes, and their times do not matter. A folder that was renamed is not sent
    again.
    """
    with ledger.transaction() as connection:
        if _any_delivery(ledger):
            connection.execute(_MOVED, {"scan": scan, "copies": json.dumps(list(copies))})


def _any_delivery(ledger: Ledger) -> bool:
    (any_yet,) = ledger.connection.execute("SELECT EXISTS (SELECT 1 FROM delivery)").fetchone()
    return bool(any_yet)


def missed(ledger: Ledger, scan: int, sinks: Sequence[str]) -> Iterator[Item]:
    """Yield what the last plan was to bring, this scan has not seen, and not all sinks have."""
    since = int(ledger.get("planned scan") or 0)
    names = {"scan": scan, "since": since, "sinks": json.dumps(sinks), "number": len(sinks)}
    rows = ledger.connection.execute(f"{SELECT_ITEMS} {_MISSED}", names).fetchall()
    yield from map(item_of, rows)


def lost_instances(ledger: Ledger, results: Iterable[Examined]) -> frozenset[int]:
    """Return the items that the last plan was to bring, and that are no DICOM any more.

    A copy that fails leaves an empty file. The row still has what the last plan knew.
    """
    return frozenset(
        result.item
        for result in results
        if result.verdict is Verdict.PASSED
        and ledger.connection.execute(_LOST, (result.item,)).fetchone()
    )


def note_lost(connection: Connection, items: Iterable[int]) -> None:
    """Call items gone, and keep what the last plan knew of them: the next plan tells it again."""
    connection.executemany(
        "UPDATE item SET verdict = ?, code = ?, reason = ?, examined = '' WHERE id = ?",
        [(Verdict.NOT_LOOKED_INTO, GONE, _NO_MORE, item) for item in items],
    )


def allow_lost(ledger: Ledger, scan: int) -> None:
    """Exclude what `note_lost` called gone."""
    with ledger.transaction() as connection:
        connection.execute(
            "UPDATE item SET verdict = ?"
            " WHERE code = ? AND reason = ? AND scan = ? AND verdict = ?",
            (Verdict.EXCLUDED, GONE, _NO_MORE, scan, Verdict.NOT_LOOKED_INTO),
        )


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
