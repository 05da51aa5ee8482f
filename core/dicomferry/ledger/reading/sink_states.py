"""What sinks have of a plan, as of now."""

from __future__ import annotations

from msgspec import Struct

from dicomferry.ledger.planning.alike import ItemGroups
from dicomferry.ledger.rows import STAMP
from dicomferry.ledger.store import Ledger


class SinkFailure(Struct, frozen=True):
    """What a sink did not take for one reason, or stored with a warning.

    `state` is failed, rejected or stored.
    """

    sink: str
    state: str
    reason: str
    instances: int


def sinks(ledger: Ledger) -> list[str]:
    """Return the keys of every sink something was ever brought to."""
    rows = ledger.connection.execute("SELECT DISTINCT sink FROM delivery ORDER BY 1")
    return [sink for (sink,) in rows]


def delivered(ledger: Ledger, groups: ItemGroups, sink: str) -> dict[str, int]:
    """Return how many planned items are in each delivery state at a sink.

    States are those of the ledger, `outdated` for what is stored in another version, and `due`.
    """
    rows = ledger.connection.execute(
        f"SELECT CASE WHEN state = 'stored' AND stamp <> {STAMP} THEN 'outdated'"  # noqa: S608
        " ELSE state END, count(*) FROM delivery JOIN item ON item.id = delivery.item"
        " WHERE sink = ? AND scan = ? AND verdict = 'ready' GROUP BY 1",
        (sink, groups.scan),
    )
    found = dict(rows.fetchall())
    due = groups.count_ready() - sum(found.values())
    return dict(sorted((found | {"due": due} if due else found).items()))


def noted(ledger: Ledger, scan: int, sink: str, note: str) -> int:
    """Return how many planned items have a note that begins so, and are not stored at a sink."""
    (count,) = ledger.connection.execute(
        "SELECT count(*) FROM item WHERE scan = :scan AND verdict = 'ready' AND why IN"  # noqa: S608
        " (SELECT id FROM why WHERE instr(' ' || notes, ' ' || :note)) AND NOT EXISTS"
        " (SELECT 1 FROM delivery WHERE delivery.item = item.id AND sink = :sink"
        f" AND state = 'stored' AND stamp = {STAMP})",
        {"scan": scan, "sink": sink, "note": note},
    ).fetchone()
    return int(count)


def failures(ledger: Ledger, scan: int) -> list[SinkFailure]:
    """Return what went wrong at sinks, the most frequent first."""
    rows = ledger.connection.execute(
        "SELECT delivery.sink, state, delivery.reason, count(*) FROM delivery"
        " JOIN item ON item.id = delivery.item"
        " WHERE item.scan = ? AND state IN ('failed', 'rejected')"
        " GROUP BY 1, 2, 3 ORDER BY 4 DESC",
        (scan,),
    )
    return [SinkFailure(sink, state, reason, count) for sink, state, reason, count in rows]


def warnings(ledger: Ledger, scan: int) -> list[SinkFailure]:
    """Return what sinks have stored with a warning, the most frequent first."""
    rows = ledger.connection.execute(
        "SELECT delivery.sink, state, delivery.reason, count(*) FROM delivery"
        " JOIN item ON item.id = delivery.item"
        " WHERE item.scan = ? AND state = 'stored' AND retryable = 1"
        " GROUP BY 1, 2, 3 ORDER BY 4 DESC",
        (scan,),
    )
    return [SinkFailure(sink, state, reason, count) for sink, state, reason, count in rows]


def remote(ledger: Ledger, scan: int) -> dict[tuple[str, str], int]:
    """Return how many planned instances come by each fetcher from each server."""
    rows = ledger.connection.execute(
        "SELECT path, count(*) FROM item WHERE scan = ? AND verdict = 'ready'"
        " AND remote <> '' GROUP BY 1",
        (scan,),
    )
    places = ((path.decode().partition(":"), count) for path, count in rows)
    return {(fetcher, server): count for (fetcher, _, server), count in places}
