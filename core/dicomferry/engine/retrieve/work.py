"""The worker's part of a retrieval: fetch studies into the spool, and look at what came."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from msgspec.structs import replace

from dicomferry.component import Context
from dicomferry.dimse import ContextRefusedError
from dicomferry.dimse.retrieve.classes import likely_classes
from dicomferry.dimse.retrieve.get import open_get
from dicomferry.dimse.retrieve.inbox import Door, Inbox, receiving
from dicomferry.dimse.retrieve.move import MoveTarget, listening, open_move
from dicomferry.engine.pipeline.examine import examine
from dicomferry.engine.pipeline.steps import Steps
from dicomferry.engine.retrieve.asking import Asker, OpenWay, uid_of
from dicomferry.engine.retrieve.messages import Retrieved, RetrieveOrder
from dicomferry.engine.retrieve.pace import Pace
from dicomferry.engine.retrieve.spool import spool_file
from dicomferry.errors import FerryError
from dicomferry.ledger.delivering.retrievals import Arrival, WantedStudy
from dicomferry.ledger.rows import Item, Verdict
from dicomferry.model import Location
from dicomferry.recipe.servers import PacsServer


def retrieve(
    steps: Steps, task: RetrieveOrder, context: Context, stopped: Callable[[], bool]
) -> Retrieved:
    """Retrieve a study and return what came of it.

    Raises `FerryError` where nothing can be tried at all: a port in use, a certificate missing.
    """
    spool = Path(task.spool)
    try:
        with receiving(spool) as door, _way(task, context, door) as open_way:
            asker = Asker(open_way, stopped, Pace(task.interval, task.asked))
            return _fetch(steps, task.study, asker, spool, task.room)
    except OSError as error:
        raise FerryError(
            f"the spool {spool} cannot be used: {error.strerror or error}",
            hint="free some space, or choose another --state",
        ) from None


@contextmanager
def _way(task: RetrieveOrder, context: Context, door: Door) -> Iterator[OpenWay]:
    server = context.server(task.server, PacsServer)
    peer = context.peer(server)
    classes = _classes(task.study.items)
    if not task.move:
        yield lambda: open_get(peer, classes, door)
        return
    target = MoveTarget(server.move_ae_title, server.move_port)
    with listening(target, classes, door):
        yield lambda: open_move(peer, target, door)


def _classes(items: Sequence[Item]) -> list[str]:
    found: dict[str, None] = {}
    for item in items:
        if item.remote and item.remote.ref.sop_class_uid:
            found[item.remote.ref.sop_class_uid] = None
    for item in items:
        if item.remote and not item.remote.ref.sop_class_uid:
            found |= dict.fromkeys(likely_classes(item.remote.attributes.get("Modality", "")))
    return list(found)


def _fetch(steps: Steps, study: WantedStudy, asker: Asker, spool: Path, room: int) -> Retrieved:
    arrivals = {item.id: found for item in study.items if (found := _here(steps, item, spool))}
    reused = len(arrivals)
    waiting = [item for item in study.items if item.id not in arrivals]
    inbox = Inbox({uid_of(item): spool_file(spool, item) for item in waiting}, room)
    no_get = False
    try:
        asker.ask(study, inbox)
    except ContextRefusedError as error:
        asker.why, no_get = error.message, True
    for item in waiting:
        if uid_of(item) in inbox.arrived:
            arrivals[item.id] = _arrival(steps, item, spool_file(spool, item))
    missing = [item for item in waiting if item.id not in arrivals]
    return Retrieved(
        study,
        tuple(arrivals.values()),
        tuple(item.id for item in missing),
        tuple(item.id for item in missing if uid_of(item) in inbox.refused),
        asker.why,
        bool(missing) and asker.stopped(),
        asker.silent,
        no_get,
        reused,
        asker.pace.last,
    )


def _here(steps: Steps, item: Item, spool: Path) -> Arrival | None:
    """Return an instance that a killed run had retrieved, if it is whole."""
    file = spool_file(spool, item)
    if not file.exists():
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
