"""The delivery half of the ledger: what every sink still has to get, and what became of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Final

from msgspec import Struct

from dicomferry.contract.sink import Consignment
from dicomferry.ledger.delivering.outcomes import columns_of
from dicomferry.ledger.delivering.stored_patients import forget_stored, note_stored
from dicomferry.ledger.items import at_hand, destination_of, item_of
from dicomferry.ledger.rows import STAMP, Due, Proof
from dicomferry.ledger.store import Ledger
from dicomferry.model import Destination, InstanceRef, Outcome, Stored

LABELLED_RUN: Final = "run --plan"
"""The verb of a run that labels of a chosen plan were given to."""

# Due: planned, and not stored at this sink in this very version.
_DUE = f"""
    FROM item LEFT JOIN delivery ON delivery.item = item.id AND delivery.sink = :sink
    LEFT JOIN spooled ON spooled.item = item.id
    WHERE item.scan = :scan AND item.verdict = 'ready'
    AND (delivery.state IS NULL OR delivery.state <> 'stored' OR delivery.stamp <> {STAMP})
"""

# Of these, what can be read now: a remote instance must have been retrieved, and looked at since.
_AT_HAND = f"{_DUE} AND (item.remote = '' OR spooled.edits <> '')"


class Load(Struct, frozen=True):
    """A consignment and its dues.

    `number` is the destination's number in the ledger. A sink has one load of a destination under
    way at most.
    """

    number: int
    sink: str
    consignment: Consignment
    dues: tuple[Due, ...]


class Delivered(Struct, frozen=True):
    """What became of one instance at one sink; `changed` when its file was not as planned."""

    due: Due
    outcome: Outcome
    proof: Proof | None = None
    changed: bool = False


class Deliveries:
    """Reads what is due and writes outcomes. Used by the one writing process."""

    def __init__(self, ledger: Ledger, scan: int) -> None:
        self._ledger = ledger
        self._scan = scan

    def destinations(self, sink: str) -> list[int]:
        """Return the destinations with something due and at hand, in plan order."""
        rows = self._ledger.connection.execute(
            f"SELECT DISTINCT item.destination {_AT_HAND} ORDER BY item.destination",
            {"sink": sink, "scan": self._scan},
        )
        return [destination for (destination,) in rows]

    def count_due(self, sink: str) -> int:
        """Return how many instances are due at a sink."""
        (due,) = self._ledger.connection.execute(
            f"SELECT count(*) {_DUE}", {"sink": sink, "scan": self._scan}
        ).fetchone()
        return int(due)

    def count_left(self, sink: str) -> int:
        """Return how many planned instances a sink has neither got nor left out on purpose."""
        (left,) = self._ledger.connection.execute(
            f"SELECT count(*) {_DUE} AND NOT (coalesce(delivery.state, '') = 'excluded'"
            f" AND delivery.stamp = {STAMP})",
            {"sink": sink, "scan": self._scan},
        ).fetchone()
        return int(left)

    def load(self, sink: str, destination: int) -> Load:
        """Return what is due and at hand for one destination, in the order it was found."""
        connection = self._ledger.connection
        project, subject, session = connection.execute(
            "SELECT project, subject, session FROM destination WHERE id = ?", (destination,)
        ).fetchone()
        place = destination_of(project, subject, session)
        rows = connection.execute(
            "SELECT item.id, source, item.path, member, coalesce(spooled.size, item.size),"
            " coalesce(spooled.modified_ns, item.modified_ns), names, row, remote,"
            " coalesce(sent_study, study), coalesce(sent_series, series),"
            " coalesce(sent_sop, item.sop), sop_class,"
            " coalesce(spooled.transfer_syntax, item.transfer_syntax),"
            f" coalesce(spooled.edits, item.edits), {STAMP}, spooled.path {_AT_HAND}"
            " AND item.destination = :destination ORDER BY item.id",
            {"sink": sink, "scan": self._scan, "destination": destination},
        )
        dues = tuple(
            Due(
                at_hand(item_of(item), spooled),
                InstanceRef(study, series, sop, sop_class),
                syntax,
                place,
                edits,
                stamp,
            )
            for *item, study, series, sop, sop_class, syntax, edits, stamp, spooled in rows
        )
        return Load(destination, sink, _consignment(place, dues), dues)

    def record(self, run: int, sink: str, results: Sequence[Delivered]) -> None:
        """Make outcomes durable. Nothing may call an instance stored before this returns."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        with self._ledger.transaction() as connection:
            connection.executemany(
                "INSERT INTO delivery (item, sink, state, reason, retryable, stamp, sop,"
                " filed_study, destination, attempts, run, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?,"
                " (SELECT destination FROM item WHERE id = ?), 1, ?, ?)"
                " ON CONFLICT (item, sink) DO UPDATE SET state = excluded.state,"
                " reason = excluded.reason, retryable = excluded.retryable,"
                " stamp = excluded.stamp, sop = excluded.sop, "
                " filed_study = excluded.filed_study,"
                " destination = excluded.destination, attempts = attempts + 1,"
                " run = excluded.run, at = excluded.at",
                [_row(sink, run, now, result) for result in results],
            )
            stored = [one.due.item.id for one in results if isinstance(one.outcome, Stored)]
            note_stored(connection, run, sink, stored)
            # The next plan looks at these again, although size and time may be as they were.
            connection.executemany(
                "UPDATE item SET examined = '' WHERE id = ?",
                [(result.due.item.id,) for result in results if result.changed],
            )

    def consignment_ended(self) -> None:
        """Bring the outcomes so far to the disk: a power cut costs no consignment that is over."""
        self._ledger.checkpoint()

    def begin(self, verb: str, recipe: str, digest: str) -> int:
        """Open a run and return its number."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        with self._ledger.transaction() as connection:
            cursor = connection.execute(
                "INSERT INTO run (verb, recipe, digest, started) VALUES (?, ?, ?, ?)",
                (verb, recipe, digest, now),
            )
            return int(cursor.lastrowid or 0)

    def finish(self, run: int, *, complete: bool) -> None:
        """Close a run."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        with self._ledger.transaction() as connection:
            connection.execute(
                "UPDATE run SET finished = ?, complete = ? WHERE id = ?", (now, complete, run)
            )
        self._ledger.checkpoint(now=True)


def _consignment(place: Destination, dues: Sequence[Due]) -> Consignment:
    """Return what dues for one destination are together, the most frequent context first."""
    pairs = Counter((due.sent.sop_class_uid, due.transfer_syntax_uid) for due in dues)
    contexts = tuple(sorted(pairs, key=lambda pair: (-pairs[pair], pair)))
    return Consignment(place, contexts, len(dues), sum(due.item.size for due in dues))


def _row(sink: str, run: int, now: str, result: Delivered) -> tuple[object, ...]:
    due = result.due
    uids = (due.sent.sop_instance_uid, due.sent.study_instance_uid)
    return (due.item.id, sink, *columns_of(result.outcome), due.stamp, *uids, due.item.id, run, now)


def send_again(ledger: Ledger, sink: str, items: Collection[int], reason: str) -> int:
    """Let the next run bring items that a sink is said to have; return how many there were."""
    with ledger.transaction() as connection:
        cursor = connection.executemany(
            "UPDATE delivery SET state = 'failed', retryable = 1, reason = ?"
            " WHERE sink = ? AND item = ? AND state = 'stored'",
            [(reason, sink, item) for item in items],
        )
        forget_stored(connection, sink, items)
        return int(cursor.rowcount)
