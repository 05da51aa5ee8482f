"""Why an XNAT would not merge the scans of a session into those of one that is there."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from dicomferry.xnat import Conflict


class FileFacts(Struct, frozen=True):
    """What XNAT compares of two files of one name; `digest` tells contents apart."""

    sop_instance_uid: str
    digest: str


class ScanFacts(Struct, frozen=True):
    """What XNAT compares of two scans of one series; files by their path within the session."""

    id: str
    files: Mapping[str, FileFacts]


def scan_conflict(
    incoming: Mapping[str, ScanFacts], existing: Mapping[str, ScanFacts], *, overwrite: bool
) -> tuple[Conflict, str] | None:
    """Return why scans would not be merged, and the ID of the scan there; None if all would.

    Scans are given by their SeriesInstanceUID. A scan that is there under another ID is a conflict
    unless its own ID is taken there, too: XNAT then renames it by its UID. With `overwrite`, files
    of one name are replaced.
    """
    taken = {scan.id for scan in existing.values()}
    digests = {
        file.sop_instance_uid: file.digest
        for scan in existing.values()
        for file in scan.files.values()
    }
    for uid, scan in incoming.items():
        held = existing.get(uid)
        paths = held.files.keys() if held else frozenset[str]()
        if held and scan.id not in taken:
            return Conflict.SCAN_NUMBER, held.id
        if not overwrite and paths & scan.files.keys():
            return Conflict.FILES, scan.id
        for path, file in scan.files.items():
            known = digests.get(file.sop_instance_uid, file.digest)
            if known != file.digest and path not in paths:
                return Conflict.CONTENT, scan.id
    return None
