"""The edits of one instance, before and after; or why it is not sent."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from msgspec import Struct

from dicomferry.cli.views.text import columns, printable
from dicomferry.dicom.changes import changes
from dicomferry.dicom.header import Header
from dicomferry.dicom.instance import open_instance
from dicomferry.dicom.opening import open_blob
from dicomferry.engine.pipeline.described import described, relabelled
from dicomferry.engine.pipeline.edit import Withheld, edit_and_forecast
from dicomferry.engine.session.session import Session
from dicomferry.engine.workers.apart import await_answer
from dicomferry.errors import FerryError
from dicomferry.ledger.reading.found_items import FoundItem
from dicomferry.ledger.reading.plan_reader import PlanReader
from dicomferry.ledger.rows import Item, Verdict

_WIDTH = 60


class InstanceDiff(Struct, frozen=True):
    """The lines about one instance; `sent` is False where the plan sends it nowhere."""

    lines: tuple[str, ...]
    sent: bool


def diff_of(session: Session, plan: PlanReader, which: str) -> InstanceDiff:
    """Return what is changed in the instance with this file name or SOP Instance UID.

    For an instance that is still on a PACS, the lines are made of the PACS's answer, and say so.
    For one that the plan does not send, they give the reason. Raises `FerryError` for one that is
    not in the ledger.
    """
    found = plan.find(which)
    if found is None:
        raise FerryError(
            f"'{which}' is neither a file nor a SOP Instance UID of this plan",
            hint="`dicomferry status --items all` lists them",
        )
    if why := _not_planned(found):
        return _not_sent(found, why)
    item, steps = found.item, session.steps
    steps.prepare(session.ledger.path.parent, len(steps.transforms))
    with _opened(item) as before:
        start = relabelled(before, item, steps.labels)
        result = edit_and_forecast(steps, start, len(steps.transforms))
        if isinstance(result, Withheld):
            return _not_sent(found, result.why.reason)
        lines = (*_head(item), *_edits(item, before, result.header))
    return InstanceDiff((*lines, f"  goes to {found.destination}"), sent=True)


def _not_planned(found: FoundItem) -> str:
    """Return why the plan does not send an item; empty where it does."""
    location, remote = found.item.location, found.item.remote
    if remote is None and not os.path.exists(location.path):  # noqa: PTH110  names are bytes
        return "it has left the disk since it was found"
    if not found.in_plan:
        return "no source of the recipe found it when the plan was made"
    if found.verdict is not Verdict.READY:
        return f"{found.verdict} ({found.code}): {found.reason}"
    return ""


def _not_sent(found: FoundItem, why: str) -> InstanceDiff:
    return InstanceDiff((str(found.item.location), f"  not sent: {printable(why)}"), sent=False)


def _is_afar(item: Item) -> bool:
    return item.remote is not None and item.remote.spooled is None


def _head(item: Item) -> Iterator[str]:
    yield str(item.location)
    if item.remote is not None and _is_afar(item):
        yield (
            f"  still on {item.remote.server}: this is made of what it told of the instance,"
            " and decided anew by its own header once it is retrieved"
        )


def _edits(item: Item, before: Header, after: Header) -> list[str]:
    missing = "(not told)" if _is_afar(item) else "(missing)"
    rows = [
        [change.name, _shown(change.before, missing), "→", _shown(change.after, "(missing)")]
        for change in changes(before, after)
    ]
    return list(columns(rows)) if rows else ["  no edits"]


@contextmanager
def _opened(item: Item) -> Iterator[Header]:
    """Open the header of an instance as it was found; of one on a PACS, as that described it."""
    if item.remote is not None and _is_afar(item):
        yield described(item, item.remote)
        return
    await_answer(item.bytes_at)
    with open_instance(open_blob(item.bytes_at), item.location, item.names, item.row) as instance:
        yield instance.header


def _shown(value: str | None, missing: str) -> str:
    if value is None:
        return missing
    quoted = value if value.startswith("(") else f'"{value}"'
    return quoted if len(quoted) <= _WIDTH else f"{quoted[:_WIDTH]}…"
