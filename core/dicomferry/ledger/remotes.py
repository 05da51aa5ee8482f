"""Remote instances in the ledger's columns and back."""

from __future__ import annotations

import json
import os

from msgspec.structs import replace

from dicomferry.ledger.rows import Item, Remote
from dicomferry.model import InstanceRef, Location, RemoteInstance


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
