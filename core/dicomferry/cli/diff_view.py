"""The edits of one instance, before and after."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from dicomferry.cli.text import columns
from dicomferry.dicom.blob import open_blob
from dicomferry.dicom.header import Header
from dicomferry.dicom.instance import open_instance
from dicomferry.dicom.tags import keyword_of
from dicomferry.engine.edit import Held, edit_and_forecast
from dicomferry.engine.session import Session
from dicomferry.errors import FerryError
from dicomferry.ledger.catalog import item_of
from dicomferry.ledger.rows import Item

_WIDTH = 60


def diff_lines(session: Session, which: str) -> Iterator[str]:
    """Yield what the transforms change in the instance with this file name or SOP Instance UID."""
    item = _find(session, which)
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
        changes = list(_changes(before, result.header, ""))
        yield from columns(changes) if changes else ["  no edits"]
        yield f"  goes to {result.forecast.destination}"


def _changes(before: Header, after: Header, prefix: str) -> Iterator[list[str]]:
    for tag in sorted({*before.tags(), *after.tags()}):
        was, now = before.raw(tag), after.raw(tag)
        if was == now and before.vr(tag) == after.vr(tag):
            continue
        name = prefix + (keyword_of(tag) or f"({tag >> 16:04X},{tag & 0xFFFF:04X})")
        if "SQ" in (before.vr(tag), after.vr(tag)):
            yield from _item_changes(before, after, tag, name)
        else:
            yield [name, _value(before, tag), "→", _value(after, tag)]


def _item_changes(before: Header, after: Header, tag: int, name: str) -> Iterator[list[str]]:
    was, now = before.items(tag), after.items(tag)
    if len(was) != len(now):
        yield [name, f"{len(was)} items", "→", f"{len(now)} items"]
        return
    for number, (one, other) in enumerate(zip(was, now, strict=True)):
        yield from _changes(one, other, f"{name}[{number}].")


def _value(header: Header, tag: int) -> str:
    if tag not in header:
        return "(missing)"
    text = header.text(tag)
    if text is None:
        return f"({len(header.raw(tag) or b'')} bytes)"
    quoted = f'"{text}"'
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
