"""The worker's part of a retrieval: have studies fetched into the spool, and look at what came."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from msgspec.structs import replace

from dicomferry.contract.fetcher import Fetched, Fetcher, FetchOrder
from dicomferry.engine.pipeline.context import LooseContext
from dicomferry.engine.pipeline.examine import examine
from dicomferry.engine.pipeline.steps import Steps
from dicomferry.engine.retrieve.inbox import Slot, SpoolInbox
from dicomferry.engine.retrieve.messages import Retrieved, RetrieveOrder
from dicomferry.engine.retrieve.pace import Pace
from dicomferry.engine.retrieve.spool import spool_file, unusable
from dicomferry.errors import FerryError
from dicomferry.ledger.delivering.retrievals import Arrival
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
    study, spool = order.study, Path(order.spool)
    arrivals = {item.id: found for item in study.items if (found := _here(steps, item, spool))}
    reused = len(arrivals)
    waiting = [item for item in study.items if item.id not in arrivals]
    pace = Pace(order.interval, order.asked)
    inbox = SpoolInbox(spool, _slots(waiting, spool), order.room, pace, stopped)
    fetched = _fetched(fetcher, order, inbox) if waiting else Fetched()
    for item in waiting:
        if item.location in inbox.arrived:
            arrivals[item.id] = _arrival(steps, item, spool_file(spool, item))
    missing = [item for item in waiting if item.id not in arrivals]
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
    )


def _slots(items: Sequence[Item], spool: Path) -> dict[Location, Slot]:
    wanted = ((item, item.asked_for) for item in items)
    return {item.location: Slot(one, spool_file(spool, item)) for item, one in wanted if one}


def _fetched(fetcher: Fetcher, order: RetrieveOrder, inbox: SpoolInbox) -> Fetched:
    """Have a study fetched; an error of the network that the fetcher let pass counts as silence."""
    study = order.study
    instances = tuple(inbox.missing())
    try:
        return fetcher.fetch(
            FetchOrder(study.uid, instances, study.whole_series, order.way), inbox
        )  # fmt: skip
    except OSError as error:
        return Fetched(str(error.strerror or error), silent=True)


def _here(steps: Steps, item: Item, spool: Path) -> Arrival | None:
    """Return an instance that a killed run had retrieved, if it is whole."""
    file = spool_file(spool, item)
    if not file.exists():
        return None
    if item.modified_ns and file.stat().st_mtime_ns != item.modified_ns:
        file.unlink()  # it has changed at its server since
        return None
    arrival = _arrival(steps, item, file)
    broken = arrival.examined.verdict in (Verdict.PASSED, Verdict.REJECTED)
    if broken and arrival.examined.code in ("damaged", "not-dicom", "unreadable"):
        file.unlink()
        return None
    return arrival


def _arrival(steps: Steps, item: Item, file: Path) -> Arrival:
    assert item.remote is not None  # noqa: S101  only remote items are retrieved
    status = os.stat(file)  # noqa: PTH116
    here = replace(item, remote=replace(item.remote, spooled=Location(str(file))))
    try:
        examined = examine(here, steps, len(steps.transforms))
    except FerryError as error:
        raise FerryError(f"{item.location}: {error.message}", hint=error.hint) from error
    return Arrival(item.id, str(file), status.st_size, status.st_mtime_ns, examined)
