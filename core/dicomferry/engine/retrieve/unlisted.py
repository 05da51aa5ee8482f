"""Instances that a server sends of an ordered series, and that its source had not found."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from pathlib import Path

from msgspec.structs import replace

from dicomferry.engine.pipeline.examine import examine
from dicomferry.engine.pipeline.steps import Steps
from dicomferry.engine.retrieve.arriving import examine_arrival
from dicomferry.engine.retrieve.inbox import SpoolInbox
from dicomferry.engine.retrieve.spool import spool_file
from dicomferry.ledger.delivering.retrievals import WantedStudy
from dicomferry.ledger.delivering.unlisted import Unlisted
from dicomferry.ledger.rows import Item
from dicomferry.model import RemoteInstance


def whole_series(study: WantedStudy, here: Collection[int]) -> frozenset[str]:
    """Return the series of a study that are wanted with everything that comes of them.

    `here` are the items that lie in the spool already: what is left of their series is asked for by
    name.
    """
    begun = {_series(item) for item in study.items if item.id in here}
    bare = {_series(item) for item in study.items if item.is_series}
    return study.whole_series - begun | bare


def unlisted_file(
    study: WantedStudy, wholes: Collection[str], spool: Path
) -> Callable[[RemoteInstance], Path | None]:
    """Return what gives an unlisted instance its place in the spool; none to a stranger."""
    listed = {item.location for item in study.items}

    def place(instance: RemoteInstance) -> Path | None:
        ref, at = instance.ref, instance.location
        asked = ref.study_instance_uid == study.uid and ref.series_instance_uid in wholes
        named = bool(ref.sop_instance_uid) and not instance.key
        return spool_file(spool, at) if asked and named and at not in listed else None

    return place


def _series(item: Item) -> str:
    return item.remote.ref.series_instance_uid if item.remote else ""


def unlisted(
    steps: Steps, study: WantedStudy, inbox: SpoolInbox, accepts: tuple[str, ...]
) -> Iterator[Unlisted]:
    """Examine the unlisted instances of an inbox, as a plan does and by their own headers.

    Raises `FerryError` where a transform stops the run.
    """
    siblings = {_series(item): item for item in study.items}
    for at, finding in inbox.unlisted.items():
        sibling = siblings[finding.ref.series_instance_uid]
        item = _beside(sibling, finding)
        planned = examine(item, steps, len(steps.transforms))
        came = at in inbox.arrived
        file = spool_file(inbox.folder, at)
        arrival = examine_arrival(steps, item, file, accepts) if came else None
        yield Unlisted(finding, sibling.id, planned, arrival)


def _beside(sibling: Item, finding: RemoteInstance) -> Item:
    """Return an unlisted instance as the item that a source would have made of it."""
    assert sibling.remote is not None  # noqa: S101  the caller has looked
    remote = replace(sibling.remote, ref=finding.ref, attributes=finding.attributes)
    return replace(sibling, id=0, location=finding.location, remote=remote)
