"""The columns of items: what sources find and workers learn, written as a row and read back."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from typing import Any, Final

from msgspec.structs import replace

from dicomferry.ledger.rows import Item, Remote
from dicomferry.model import (
    Destination,
    Finding,
    InstanceRef,
    LocalFile,
    Location,
    NotLookedInto,
    Refused,
    RemoteInstance,
    Unusable,
)
from dicomferry.names import shown

ITEM_COLUMNS: Final = "id, source, path, member, size, modified_ns, names, row, remote"
"""What `item_of` makes an item of, in this order."""
SELECT_ITEMS: Final = f"SELECT {ITEM_COLUMNS} FROM item"  # noqa: S608  fixed columns


def finding_row(source: str, scan: int, finding: Finding) -> tuple[object, ...]:
    """Return what a source found in the ledger's columns, as `PlanWriter.found` writes them."""
    place = finding.location
    path, member = os.fsencode(place.path), member_bytes(place.member)
    match finding:
        case LocalFile(_, size, modified_ns, names, row):
            texts = (_text_of(names), _text_of(row))
            kept = (scan, "", "found", "", "", "", 0)
            return (source, path, member, size, modified_ns, *texts, *kept)
        case RemoteInstance(row=row, table_row=table_row):
            kept = (scan, "", "found", "", "", _remote_text(finding), table_row)
            file = (finding.size, finding.modified_ns, _text_of(finding.names))
            return (source, path, member, *file, _text_of(row), *kept)
        case Refused(_, code, reason, table_row, known):
            kept = (scan, "unusable", "rejected", code, shown(reason), "", table_row)
            return (source, path, member, 0, 0, "{}", _text_of(known), *kept)
        case Unusable(_, code, reason) | NotLookedInto(_, code, reason):
            verdict = "passed" if isinstance(finding, Unusable) else "not-looked-into"
            about = finding.table_row if isinstance(finding, Unusable) else 0
            kept = (scan, "unusable", verdict, code, shown(reason), "", about)
            return (source, path, member, 0, 0, "{}", "{}", *kept)


def destination_columns(destination: Destination) -> tuple[str, str, str]:
    """Return project, subject and session as the ledger has them: empty text for None."""
    return (destination.project or "", destination.subject or "", destination.session)


def new_item(number: int, source: str, file: LocalFile) -> Item:
    """Return a file as the item that the ledger has under `number`."""
    texts = (_kept(file.names), _kept(file.row))
    return Item(number, source, file.location, file.size, file.modified_ns, *texts)


def item_of(columns: Iterable[Any]) -> Item:
    """Return the item in `ITEM_COLUMNS`."""
    number, source, path, member, size, modified_ns, names, table_row, remote = columns
    location = location_of(path, member)
    known = _remote_of(remote, location) if remote else None
    maps = (_map_of(names), _map_of(table_row))
    return Item(number, source, location, size, modified_ns, *maps, known)


def location_of(path: bytes, member: bytes) -> Location:
    """Return the location behind the ledger's columns, which hold the bytes of file names."""
    return Location(os.fsdecode(path), member.decode("utf-8", "surrogateescape"))


def member_bytes(member: str) -> bytes:
    """Return the bytes of a member's name: an archive has its own encoding, not the system's."""
    return member.encode("utf-8", "surrogateescape")


def folder_of(location: Location) -> str:
    """Return the folder that a finding is in, as text that can be kept; of a remote one the server.

    Of a member of an archive it is the archive, and its folder in there.
    """
    if location.member and "/" not in location.path:  # a fetcher and its server, as `pacs:main`
        return shown(location.path)
    if not location.member:
        return shown(os.path.dirname(location.path))  # noqa: PTH120  a text, once for a series
    inside = os.path.dirname(location.member)  # noqa: PTH120
    return shown(f"{location.path}!{inside}" if inside else location.path)


def destination_of(project: str, subject: str, session: str) -> Destination:
    """Return the destination behind the ledger's columns, where None is stored as empty text."""
    return Destination(project or None, subject or None, session)


def at_hand(item: Item, path: bytes | None) -> Item:
    """Return an item with the file it was retrieved to; a local one as it is."""
    if path is None or item.remote is None:
        return item
    return replace(item, remote=replace(item.remote, spooled=Location(os.fsdecode(path))))


def _remote_text(finding: RemoteInstance) -> str:
    """Return what the ledger keeps of a remote instance beside its location."""
    kept: dict[str, object] = {
        "server": finding.server,
        "sop_class": finding.ref.sop_class_uid,
        "attributes": dict(finding.attributes),
        "relabel": dict(finding.relabel),
    }
    if finding.labels:
        kept["labels"] = dict(finding.labels)
    if finding.key:  # else its location has the UIDs
        ref = finding.ref
        kept["uids"] = [ref.study_instance_uid, ref.series_instance_uid, ref.sop_instance_uid]
    if finding.candidate_of is not None:
        kept["candidate_of"] = [finding.candidate_of.path, finding.candidate_of.member]
    if finding.asked:
        kept["asked"] = dict(finding.asked)
    return json.dumps(kept, sort_keys=True)


def _remote_of(text: str, location: Location) -> Remote:
    kept = json.loads(text)
    key = location.member if "uids" in kept else ""
    study, series, instance = kept["uids"] if key else location.member.split("/")
    ref = InstanceRef(study, series, instance, kept["sop_class"])
    fetcher = location.path.partition(":")[0]
    row = Location(*kept["candidate_of"]) if "candidate_of" in kept else None
    return Remote(
        fetcher, kept["server"], ref, kept["attributes"], kept["relabel"], key,
        labels=kept.get("labels", {}), candidate_of=row, asked=kept.get("asked", {}),
    )  # fmt: skip


def _text_of(names: Mapping[str, str]) -> str:
    return json.dumps(_kept(names), sort_keys=True) if names else "{}"


def _kept(names: Mapping[str, str]) -> dict[str, str]:
    """Return names of a path, or values of a row, as transforms see them: without odd bytes."""
    return {name: shown(text) for name, text in names.items()} if names else {}


def _map_of(text: str) -> Mapping[str, str]:
    return dict(json.loads(text)) if text != "{}" else {}
