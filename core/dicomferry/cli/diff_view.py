"""The edits of one instance, before and after."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from dicomferry.cli.text import columns
from dicomferry.dicom.blob import open_blob
from dicomferry.dicom.changes import changes
from dicomferry.dicom.instance import open_instance
from dicomferry.engine.edit import Held, edit_and_forecast
from dicomferry.engine.session import Session
from dicomferry.errors import FerryError
from dicomferry.ledger.catalog import item_of
from dicomferry.ledger.rows import Item

_WIDTH = 60


def diff_lines(session: Session, which: str) -> Iterator[str]:
    """Yield what the transforms change in the instance with this file name or SOP Instance UID."""
    item = _find(session, which)
    if item.remote is not None:
        raise FerryError(
            f"{item.location} is not on this machine, so its edits cannot be shown",
            hint="they are decided by its own header, once it is retrieved",
        )
    stages = session.stages
    stages.prepare(session.ledger.path.parent, len(stages.transforms))
    blob = open_blob(item.location)
    with open_instance(blob, item.location, item.names, item.row) as instance:
        before = instance.header
        result = edit_and_forecast(stages, before, len(stages.transforms))
        yield str(item.location)
        if isinstance(result, Held):
            yield f"  not sent: {result.why.reason}"
            return
        rows = [
            [change.name, _shown(change.before), "→", _shown(change.after)]
            for change in changes(before, result.header)
        ]
        yield from columns(rows) if rows else ["  no edits"]
        yield f"  goes to {result.forecast.destination}"


def _shown(value: str | None) -> str:
    if value is None:
        return "(missing)"
    quoted = value if value.startswith("(") else f'"{value}"'
    return quoted if len(quoted) <= _WIDTH else f"{quoted[:_WIDTH]}…"


def _find(session: Session, which: str) -> Item:
    path, _, member = which.partition("!")
    row = session.ledger.connection.execute(
        "SELECT id, source, path, member, size, modified_ns, names, row, remote FROM item"
        " WHERE sop = ?1 OR sent_sop = ?1 OR (path IN (?2, ?3) AND member = ?4)"
        " ORDER BY scan DESC LIMIT 1",
        (which, os.fsencode(path), os.fsencode(Path(path).absolute()), os.fsencode(member)),
    ).fetchone()
    if row is None:
        raise FerryError(
            f"'{which}' is neither a file nor a SOP Instance UID of this plan",
            hint="`dicomferry status --items all` lists them",
        )
    return item_of(row)
