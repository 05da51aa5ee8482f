"""What a receiver should hold, session by session."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from dicomferry.ledger.items import destination_of
from dicomferry.ledger.store import Ledger
from dicomferry.model import Destination

_PLANNED = (
    "(verdict = 'ready' OR verdict = 'rejected' AND remote <> ''"
    " AND code IN ('forecast-changed', 'not-as-asked', 'damaged'))"
)
"""What a plan has shown: what its own header has held back since was part of it."""


class ExpectedInstance(Struct, frozen=True):
    """One instance of the plan as it was to be sent; `stored` when the receiver said it has it.

    `held` says why it was not sent once its own header was known; empty where it was to be sent.
    """

    item: int
    sop_instance_uid: str
    sop_class_uid: str
    series_instance_uid: str
    stored: bool
    held: str = ""


class ExpectedSession(Struct, frozen=True):
    """One session of the plan; `studies` are the StudyInstanceUIDs it was sent with."""

    key: int
    destination: Destination
    studies: tuple[str, ...]
    instances: tuple[ExpectedInstance, ...]


class ExpectedReader:
    """Reads a plan for one sink, a session at a time; made by `PlanReader.expected`."""

    def __init__(self, ledger: Ledger, scan: int, sink: str) -> None:
        self._connection = ledger.connection
        self._names = {"sink": sink, "scan": scan}

    def destinations(self) -> list[int]:
        """Return the keys of the sessions, sorted by project, subject and session."""
        rows = self._connection.execute(
            "SELECT id FROM destination WHERE id IN"  # noqa: S608  fixed text
            f" (SELECT destination FROM item WHERE scan = :scan AND {_PLANNED})"
            " ORDER BY project = '', project, subject, session",
            self._names,
        )
        return [key for (key,) in rows]

    def sessions(self) -> Iterator[ExpectedSession]:
        """Yield every session of which the sink was not told to leave everything out."""
        for key in self.destinations():
            session = self.session(key)
            if session.instances:
                yield session

    def session(self, key: int) -> ExpectedSession:
        """Return one session with what the sink was to get of it."""
        project, subject, session = self._connection.execute(
            "SELECT project, subject, session FROM destination WHERE id = ?", (key,)
        ).fetchone()
        rows = self._connection.execute(
            "SELECT item.id, coalesce(sent_sop, item.sop), sop_class,"  # noqa: S608  fixed text
            " coalesce(sent_series, series), coalesce(sent_study, study),"
            " coalesce(delivery.state, ''), CASE verdict WHEN 'ready' THEN '' ELSE item.reason END"
            " FROM item LEFT JOIN delivery ON delivery.item = item.id AND delivery.sink = :sink"
            f" WHERE scan = :scan AND {_PLANNED} AND item.destination = :key"
            " AND coalesce(delivery.state, '') <> 'excluded' ORDER BY item.id",
            {**self._names, "key": key},
        ).fetchall()
        instances = tuple(
            ExpectedInstance(item, sop, sop_class, series, state == "stored", held)
            for item, sop, sop_class, series, _, state, held in rows
        )
        studies = tuple(sorted({study for _, _, _, _, study, *_ in rows}))
        return ExpectedSession(key, destination_of(project, subject, session), studies, instances)
