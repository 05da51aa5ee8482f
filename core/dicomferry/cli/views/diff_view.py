"""The edits of one instance, before and after."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dicomferry.cli.views.text import columns
from dicomferry.dicom.changes import changes
from dicomferry.dicom.header import Header
from dicomferry.dicom.instance import open_instance
from dicomferry.dicom.opening import open_blob
from dicomferry.engine.pipeline.described import described, relabelled
from dicomferry.engine.pipeline.edit import Withheld, edit_and_forecast
from dicomferry.engine.session.session import Session
from dicomferry.errors import FerryError
from dicomferry.ledger.items import at_hand, item_of
from dicomferry.ledger.rows import Item

_WIDTH = 60


def diff_lines(session: Session, which: str) -> Iterator[str]:
    """Yield what is changed in the instance with this file name or SOP Instance UID.

    Of one that is still on a PACS only what that told is known, and the lines say so.
    """
    item = _find(session, which)
    steps = session.steps
    steps.prepare(session.ledger.path.parent, len(steps.transforms))
    missing = "(missing)"
    with _opened(item) as before:
        start = relabelled(before, item, steps.labels)
        result = edit_and_forecast(steps, start, len(steps.transforms))
        yield str(item.location)
        if item.remote is not None and item.remote.spooled is None:
            missing = "(not told)"
            yield (
                f"  still on {item.remote.server}: this is made of what it told of the instance,"
                " and decided anew by its own header once it is retrieved"
            )
        if isinstance(result, Withheld):
            yield f"  not sent: {result.why.reason}"
            return
        rows = [
            [change.name, _shown(change.before, missing), "→", _shown(change.after, "(missing)")]
            for change in changes(before, result.header)
        ]
        yield from columns(rows) if rows else ["  no edits"]
        yield f"  goes to {result.forecast.destination}"


@contextmanager
def _opened(item: Item) -> Iterator[Header]:
    """Open the header of an instance as it was found; of one on a PACS, as that described it."""
    if item.remote is not None and item.remote.spooled is None:
        yield described(item, item.remote)
        return
    with open_instance(open_blob(item.bytes_at), item.location, item.names, item.row) as instance:
        yield instance.header


def _shown(value: str | None, missing: str) -> str:
    if value is None:
        return missing
    quoted = value if value.startswith("(") else f'"{value}"'
    return quoted if len(quoted) <= _WIDTH else f"{quoted[:_WIDTH]}…"


def _find(session: Session, which: str) -> Item:
    path, _, member = which.partition("!")
    row = session.ledger.connection.execute(
        "SELECT id, source, item.path, member, item.size, item.modified_ns, names, row, remote,"
        " spooled.path FROM item LEFT JOIN spooled ON spooled.item = item.id"
        " WHERE sop = ?1 OR sent_sop = ?1 OR (item.path IN (?2, ?3) AND member = ?4)"
        " ORDER BY scan DESC LIMIT 1",
        (which, os.fsencode(path), os.fsencode(Path(path).absolute()), os.fsencode(member)),
    ).fetchone()
    if row is None:
        raise FerryError(
            f"'{which}' is neither a file nor a SOP Instance UID of this plan",
            hint="`dicomferry status --items all` lists them",
        )
    here = row[9] if row[9] is not None and os.path.exists(row[9]) else None  # noqa: PTH110
    return at_hand(item_of(row[:9]), here)
