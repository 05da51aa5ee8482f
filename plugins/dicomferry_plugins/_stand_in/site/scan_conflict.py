"""Why an XNAT would not merge the scans of a session into those of one that is there."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from dicomferry.xnat import Conflict, number_conflict


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

    Scans are given by their SeriesInstanceUID. XNAT compares the IDs of all scans before it looks
    at a file. With `overwrite`, files of one name are replaced.
    """
    renamed = number_conflict(_ids(incoming), _ids(existing))
    if renamed is not None:
        return Conflict.SCAN_NUMBER, renamed
    digests = {
        file.sop_instance_uid: file.digest
        for scan in existing.values()
        for file in scan.files.values()
    }
    for uid, scan in incoming.items():
        held = existing.get(uid)
        paths = held.files.keys() if held else frozenset[str]()
        if not overwrite and paths & scan.files.keys():
            return Conflict.FILES, scan.id
        for path, file in scan.files.items():
            known = digests.get(file.sop_instance_uid, file.digest)
            if known != file.digest and path not in paths:
                return Conflict.CONTENT, scan.id
    return None


def _ids(scans: Mapping[str, ScanFacts]) -> dict[str, str]:
    return {uid: scan.id for uid, scan in scans.items()}
