"""Each item of a plan: what the plan says of it, and what became of it at each sink."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from dicomferry.ledger.delivering.outcomes import outcome_of
from dicomferry.ledger.items import destination_of, location_of
from dicomferry.ledger.rows import Verdict
from dicomferry.ledger.store import Ledger
from dicomferry.model import Destination, Location, Outcome


class ItemState(Struct, frozen=True):
    """One item: where it is, what the plan says, and what became of it at each sink."""

    location: Location
    verdict: Verdict
    code: str
    reason: str
    sop_instance_uid: str
    destination: Destination | None
    outcomes: dict[str, Outcome]


def item_states(ledger: Ledger, scan: int, *, held: bool) -> Iterator[ItemState]:
    """Yield every item of a scan in the order found; with `held`, only those that are not ready."""
    only = "AND verdict <> 'ready'" if held else ""
    rows = ledger.connection.execute(
        "SELECT item.id, path, member, verdict, code, item.reason,"  # noqa: S608  fixed texts
        " coalesce(sent_sop, item.sop, ''), item.destination, project, subject,"
        " destination.session, delivery.sink, delivery.state, delivery.reason, delivery.retryable"
        " FROM item LEFT JOIN destination ON destination.id = item.destination"
        " LEFT JOIN delivery ON delivery.item = item.id"
        f" WHERE scan = ? {only} ORDER BY item.id, delivery.sink",
        (scan,),
    )
    state: ItemState | None = None
    last = 0
    for (
        item, path, member, verdict, code, reason, sop, destination, project, subject, session,
        sink, outcome, why, retryable,
    ) in rows:  # fmt: skip
        if state is None or item != last:
            if state is not None:
                yield state
            place = destination_of(project, subject, session) if destination is not None else None
            state = ItemState(
                location_of(path, member), Verdict(verdict), code, reason, sop, place, {}
            )
            last = item
        if sink is not None:
            state.outcomes[sink] = outcome_of(outcome, why, retryable)
    if state is not None:
        yield state
