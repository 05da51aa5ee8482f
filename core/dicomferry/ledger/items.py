"""Items in the ledger's columns, and back: text as JSON, and the bytes of file names."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from typing import Final

from msgspec.structs import replace

from dicomferry.ledger.rows import Item, Remote
from dicomferry.ledger.store import Ledger
from dicomferry.model import (
    Destination,
    Finding,
    InstanceRef,
    LocalFile,
    Location,
    Refused,
    RemoteInstance,
    Unusable,
)

ITEM_COLUMNS: Final = "id, source, path, member, size, modified_ns, names, row, remote"
"""What `item_of` makes items of."""
SELECT_ITEMS: Final = f"SELECT {ITEM_COLUMNS} FROM item"  # noqa: S608  fixed columns


def destination_of(project: str, subject: str, session: str) -> Destination:
    """Return the destination behind the ledger's columns, where None is stored as empty text."""
    return Destination(project or None, subject or None, session)


def item_of(row: Sequence[object]) -> Item:
    """Return the item in a row of `ITEM_COLUMNS`; `remote` may be missing from it."""
    number, source, path, member, size, modified_ns, names, table_row, *remote = row
    assert isinstance(number, int)  # noqa: S101  the schema's column types
    assert isinstance(size, int)  # noqa: S101
    assert isinstance(modified_ns, int)  # noqa: S101
    location = location_of(path, member)
    maps = (_map(names), _map(table_row))
    known = remote_of(remote[0], location) if remote else None
    return Item(number, str(source), location, size, modified_ns, *maps, known)


def new_item(number: int, source: str, file: LocalFile) -> Item:
    """Return a file as the item that the ledger has under `number`."""
    names = dict(file.names) if file.names else {}
    row = dict(file.row) if file.row else {}
    return Item(number, source, file.location, file.size, file.modified_ns, names, row)


def location_of(path: object, member: object) -> Location:
    """Return the location behind the ledger's columns, which hold the bytes of file names."""
    return Location(_text(path), _text(member))


def _text(name: object) -> str:
    assert isinstance(name, bytes)  # noqa: S101  the schema's column type
    return os.fsdecode(name) if name else ""


def _map(text: object) -> Mapping[str, str]:
    return dict(json.loads(str(text))) if text != "{}" else {}


def finding_row(source: str, scan: int, finding: Finding) -> tuple[object, ...]:
    """Return what a source found in the ledger's columns, as `CatalogWriter.found` writes them."""
    place = finding.location
    path, member = os.fsencode(place.path), os.fsencode(place.member) if place.member else b""
    match finding:
        case LocalFile(_, size, modified_ns, names, row):
            texts = (_json(names), _json(row))
            kept = (scan, "", "found", "", "", "", 0)
            return (source, path, member, size, modified_ns, *texts, *kept)
        case RemoteInstance(row=row, table_row=table_row):
            kept = (scan, "", "found", "", "", remote_text(finding), table_row)
            return (source, path, member, 0, 0, "{}", _json(row), *kept)
        case Refused(_, code, reason, table_row):
            kept = (scan, "unusable", "rejected", code, reason, "", table_row)
            return (source, path, member, 0, 0, "{}", "{}", *kept)
        case Unusable(_, code, reason):
            kept = (scan, "unusable", "passed", code, reason, "", 0)
            return (source, path, member, 0, 0, "{}", "{}", *kept)


def _json(names: Mapping[str, str]) -> str:
    return json.dumps(dict(names), sort_keys=True) if names else "{}"


_ITEMS = f"SELECT {ITEM_COLUMNS}, edits FROM item WHERE id IN"  # noqa: S608  fixed columns


_MOST = 500
"""Numbers in one question: SQLite takes 999 parameters in its oldest versions."""


def found_item(ledger: Ledger, number: int) -> Item:
    """Return one item as its source found it, with what a PACS told of it."""
    return item_of(ledger.connection.execute(f"{SELECT_ITEMS} WHERE id = ?", (number,)).fetchone())


def planned_items(ledger: Ledger, numbers: Sequence[int]) -> dict[int, tuple[Item, str]]:
    """Return each item and the digest of its planned edits."""
    found = {}
    for at in range(0, len(numbers), _MOST):
        some = numbers[at : at + _MOST]
        marks = ", ".join("?" * len(some))
        rows = ledger.connection.execute(f"{_ITEMS} ({marks})", some)
        found.update({row[0]: (item_of(row[:9]), row[9]) for row in rows})
    return found


def remote_text(finding: RemoteInstance) -> str:
    """Return what the ledger keeps of a remote instance beside its location."""
    return json.dumps(
        {
            "server": finding.server,
            "sop_class": finding.ref.sop_class_uid,
            "attributes": dict(finding.attributes),
            "relabel": dict(finding.relabel),
        },
        sort_keys=True,
    )


def remote_of(text: object, location: Location) -> Remote | None:
    """Return the remote instance behind the ledger's column; None for a local item."""
    if not text:
        return None
    kept = json.loads(str(text))
    study, series, instance = location.member.split("/")
    ref = InstanceRef(study, series, instance, kept["sop_class"])
    return Remote(kept["server"], ref, kept["attributes"], kept["relabel"])


def at_hand(item: Item, path: bytes | None) -> Item:
    """Return an item with the file it was retrieved to; a local one as it is."""
    if path is None or item.remote is None:
        return item
    return replace(item, remote=replace(item.remote, spooled=Location(os.fsdecode(path))))
