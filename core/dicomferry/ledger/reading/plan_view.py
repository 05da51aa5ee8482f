"""The plan and the state of deliveries, read back from the ledger for people and machines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import Struct

from dicomferry.ledger.delivering.deliveries import outcome_of
from dicomferry.ledger.items import destination_of, location_of
from dicomferry.ledger.planning.alike import ItemGroups
from dicomferry.ledger.rows import STAMP, Verdict
from dicomferry.ledger.store import Ledger
from dicomferry.model import Because, Destination, Location, Outcome


class SessionPlan(Struct, frozen=True):
    """One session as XNAT will hold it; `size` in bytes, `stored` per sink key."""

    destination: Destination
    auto_archive: str
    because: tuple[Because, ...]
    studies: int
    series: int
    instances: int
    size: int
    modalities: tuple[str, ...]
    stored: dict[str, int]


class VerdictTally(Struct, frozen=True):
    """How many items have one verdict for one reason code."""

    verdict: Verdict
    code: str
    count: int


class ItemState(Struct, frozen=True):
    """One item: where it is, what the plan says, and what became of it at each sink."""

    location: Location
    verdict: Verdict
    code: str
    reason: str
    sop_instance_uid: str
    destination: Destination | None
    outcomes: dict[str, Outcome]


class LedgerView:
    """Reads one scan's plan. Opens nothing but the ledger."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._connection = ledger.connection
        self.scan = int(ledger.get("planned scan") or 0)

    def sessions(self) -> list[SessionPlan]:
        """Return every session of the plan, sorted by project, subject and session."""
        stored = self._stored()
        why = self._why()
        rows = self._groups().ready(
            "destination.id, project, subject, session, count(DISTINCT study),"
            " count(DISTINCT series), sum(instances), sum(bytes), group_concat(DISTINCT modality)",
            "GROUP BY destination.id ORDER BY project = '', project, subject, session",
        )
        return [_session_plan(row, why[row[0]], stored.get(row[0], {})) for row in rows]

    def tallies(self) -> list[VerdictTally]:
        """Return how many items there are of each verdict and code."""
        rows = sorted(self._groups().counted("verdict, code"))
        return [VerdictTally(Verdict(verdict), code, count) for verdict, code, count in rows]

    def delivered(self, sink: str) -> dict[str, int]:
        """Return how many planned items are in each delivery state at a sink, as of now."""
        rows = self._connection.execute(
            f"SELECT CASE WHEN state = 'stored' AND stamp <> {STAMP} THEN 'outdated'"  # noqa: S608
            " ELSE state END, count(*) FROM delivery JOIN item ON item.id = delivery.item"
            " WHERE sink = ? AND scan = ? AND verdict = 'ready' GROUP BY 1",
            (sink, self.scan),
        )
        found = dict(rows.fetchall())
        due = self._groups().count_ready() - sum(found.values())
        return dict(sorted((found | {"due": due} if due else found).items()))

    def on_pacs(self) -> dict[str, int]:
        """Return how many planned instances come from each PACS."""
        rows = self._connection.execute(
            "SELECT path, count(*) FROM item WHERE scan = ? AND verdict = 'ready'"
            " AND remote <> '' GROUP BY 1",
            (self.scan,),
        )
        return {row[0].decode().removeprefix("pacs:"): row[1] for row in rows}

    def sinks(self) -> list[str]:
        """Return the keys of every sink something was ever brought to."""
        rows = self._connection.execute("SELECT DISTINCT sink FROM delivery ORDER BY 1")
        return [row[0] for row in rows]

    def failures(self) -> list[tuple[str, str, str, int]]:
        """Return what went wrong at sinks: (sink, state, reason, instances)."""
        return self._connection.execute(
            "SELECT delivery.sink, state, delivery.reason, count(*) FROM delivery"
            " JOIN item ON item.id = delivery.item"
            " WHERE item.scan = ? AND state IN ('failed', 'rejected')"
            " GROUP BY 1, 2, 3 ORDER BY 4 DESC",
            (self.scan,),
        ).fetchall()

    def items(self, *, held: bool = False) -> Iterator[ItemState]:
        """Yield every item of the plan with what became of it; or only those that are not ready."""
        only = "AND verdict <> 'ready'" if held else ""
        rows = self._connection.execute(
            "SELECT item.id, path, member, verdict, code, item.reason,"  # noqa: S608  fixed texts
            " coalesce(sent_sop, item.sop, ''), item.destination, project, subject,"
            " destination.session, delivery.sink, delivery.state, delivery.reason,"
            " delivery.retryable"
            " FROM item LEFT JOIN destination ON destination.id = item.destination"
            " LEFT JOIN delivery ON delivery.item = item.id"
            f" WHERE scan = ? {only} ORDER BY item.id, delivery.sink",
            (self.scan,),
        )
        state: ItemState | None = None
        last = None
        for row in rows:
            if row[0] != last:
                if state is not None:
                    yield state
                place = destination_of(*row[8:11]) if row[7] is not None else None
                state = ItemState(
                    location_of(row[1], row[2]), Verdict(row[3]), row[4], row[5], row[6], place, {}
                )
                last = row[0]
            if state is not None and row[11] is not None:
                state.outcomes[row[11]] = outcome_of(row[12], row[13], row[14])
        if state is not None:
            yield state

    def _groups(self) -> ItemGroups:
        return ItemGroups.of(self._ledger, self.scan)

    def _stored(self) -> dict[int, dict[str, int]]:
        found: dict[int, dict[str, int]] = {}
        rows = self._connection.execute(
            "SELECT item.destination, sink, count(*) FROM delivery"  # noqa: S608  a fixed text
            " JOIN item ON item.id = delivery.item WHERE scan = ? AND state = 'stored'"
            f" AND delivery.stamp = {STAMP}"
            " AND verdict = 'ready' GROUP BY 1, 2",
            (self.scan,),
        )
        for destination, sink, count in rows:
            found.setdefault(destination, {})[sink] = count
        return found

    def _why(self) -> dict[int, tuple[str, tuple[Because, ...]]]:
        found: dict[int, tuple[str, tuple[Because, ...]]] = {}
        rows = self._groups().ready(
            "destination.id, why.project, why.subject, why.session, auto_archive",
            "GROUP BY 1, 2, 3, 4, 5 ORDER BY min(ready.rowid)",
            why=True,
        )
        for destination, project, subject, session, auto_archive in rows:
            first, becauses = found.get(destination, (auto_archive, ()))
            found[destination] = (first, (*becauses, Because(project, subject, session)))
        return found


def _session_plan(
    row: Sequence[Any], why: tuple[str, tuple[Because, ...]], stored: dict[str, int]
) -> SessionPlan:
    _, project, subject, session, studies, series, instances, size, modalities = row
    return SessionPlan(
        destination=destination_of(project, subject, session),
        auto_archive=why[0],
        because=why[1],
        studies=studies,
        series=series,
        instances=instances,
        size=size,
        modalities=tuple(sorted(str(modalities).split(","))),
        stored=stored,
    )


class HeldBack(Struct, frozen=True):
    """One item that the plan sends nowhere, and why."""

    location: Location
    verdict: Verdict
    code: str
    reason: str


def held_back(ledger: Ledger, scan: int) -> Iterator[HeldBack]:
    """Yield every item of a scan that is not ready, in the order found."""
    rows = ledger.connection.execute(
        "SELECT path, member, verdict, code, reason FROM item"
        " WHERE scan = ? AND verdict <> 'ready' ORDER BY id",
        (scan,),
    )
    for path, member, verdict, code, reason in rows:
        yield HeldBack(location_of(path, member), Verdict(verdict), code, reason)
