"""The worker's part of a retrieval: have studies fetched into the spool, and look at what came."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from dicomferry.contract.fetcher import Fetched, Fetcher, FetchOrder
from dicomferry.engine.pipeline.context import LooseContext
from dicomferry.engine.pipeline.spooled import discard, is_as_it_came
from dicomferry.engine.pipeline.steps import Steps
from dicomferry.engine.retrieve.arriving import examine_arrival
from dicomferry.engine.retrieve.inbox import Slot, SpoolInbox
from dicomferry.engine.retrieve.messages import Retrieved, RetrieveOrder
from dicomferry.engine.retrieve.pace import Pace
from dicomferry.engine.retrieve.spool import spool_file, unusable
from dicomferry.engine.retrieve.unlisted import unlisted, unlisted_file, whole_series
from dicomferry.ledger.delivering.arrival import Arrival
from dicomferry.ledger.rows import Item, Verdict
from dicomferry.model import Location


def retrieve(
    steps: Steps, order: RetrieveOrder, context: LooseContext, stopped: Callable[[], bool]
) -> Retrieved:
    """Retrieve a study and return what came of it.

    Raises `FerryError` where nothing can be tried at all: a port in use, a certificate missing.
    """
    fetcher = context.fetcher(order.study.fetcher, order.study.server)
    try:
        return _retrieve(steps, order, fetcher, stopped)
    except OSError as error:
        raise unusable(order.spool, error) from None


def _retrieve(
    steps: Steps, order: RetrieveOrder, fetcher: Fetcher, stopped: Callable[[], bool]
) -> Retrieved:
    study, spool, accepts = order.study, Path(order.spool), fetcher.manners.accepts
    arrivals = {
        item.id: found for item in study.items if (found := _here(steps, item, spool, accepts))
    }
    reused = len(arrivals)
    waiting = [item for item in study.items if item.id not in arrivals]
    pace = Pace(order.interval, order.asked)
    wholes = whole_series(study, arrivals)
    inbox = SpoolInbox(
        spool,
        _slots(waiting, spool),
        order.room,
        pace,
        stopped,
        unlisted_file(study, wholes, spool),
    )
    fetched = _fetched(fetcher, order, wholes, inbox) if waiting else Fetched()
    here = [item for item in waiting if item.location in inbox.arrived]
    for item in here:
        if not item.is_series:
            arrivals[item.id] = examine_arrival(
                steps, item, spool_file(spool, item.location), accepts
            )
    missing = [item for item in waiting if item.location not in inbox.arrived]
    return Retrieved(
        study,
        tuple(arrivals.values()),
        tuple(item.id for item in missing),
        tuple(item.id for item in missing if item.location in inbox.refused),
        fetched.why or inbox.why,
        bool(missing) and stopped(),
        fetched.silent,
        fetched.manners,
        reused,
        pace.last,
        tuple(unlisted(steps, study, inbox, accepts)),
        tuple(item.id for item in here if item.is_series),
    )


def _slots(items: Sequence[Item], spool: Path) -> dict[Location, Slot]:
    wanted = ((item, item.asked_for) for item in items)
    return {at.location: Slot(one, spool_file(spool, at.location)) for at, one in wanted if one}


def _fetched(
    fetcher: Fetcher, order: RetrieveOrder, wholes: frozenset[str], inbox: SpoolInbox
) -> Fetched:
    """Have a study fetched; an error of the network that the fetcher let pass counts as silence."""
    study = order.study
    instances = tuple(inbox.missing())
    try:
        return fetcher.fetch(
            FetchOrder(study.uid, instances, wholes, order.way, order.lanes), inbox
        )
    except OSError as error:
        return Fetched(str(error.strerror or error), silent=True)


def _here(steps: Steps, item: Item, spool: Path, accepts: tuple[str, ...]) -> Arrival | None:
    """Return an instance that a killed run had retrieved, if it is as it came, and whole."""
    file = spool_file(spool, item.location)
    if not file.exists():
        return None
    changed = item.modified_ns and file.stat().st_mtime_ns != item.modified_ns  # at its server
    if changed or not is_as_it_came(file):
        discard(file)
        return None
    arrival = examine_arrival(steps, item, file, accepts)
    broken = arrival.examined.verdict in (Verdict.PASSED, Verdict.REJECTED)
    if broken and arrival.examined.code in ("damaged", "not-dicom", "unreadable"):
        discard(file)
        return None
    return arrival
