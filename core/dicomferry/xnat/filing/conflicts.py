"""Why XNAT would not archive a session into one that is there (section 3.3), in its own words."""

from __future__ import annotations

from msgspec import Struct

from dicomferry.xnat.filing.sessions import ReceivedSession

EXISTS = "Session already exists, retry with overwrite enabled"
NO_SUBJECT = "Unable to identify subject."

_MODIFICATION = "Invalid modification of session"


class Merge(Struct, frozen=True):
    """What an archive operation may do to a session that is there.

    `allowed` is XNAT's allowSessionMerge, which auto-archive implies; `overwrite` replaces files;
    `override` replaces what is there, whatever its UID and modality (`overwrite=delete`).
    """

    allowed: bool = True
    overwrite: bool = False
    override: bool = False


def conflict(incoming: ReceivedSession, existing: ReceivedSession, merge: Merge) -> str | None:
    """Return why XNAT would not merge `incoming` (XNAT's `checkForConflicts`); None if it would."""
    label = existing.destination.session
    if not merge.allowed:
        return EXISTS
    subjects = {(session.destination.subject or "").lower() for session in (incoming, existing)}
    if len(subjects) > 1:
        return (
            f"{_MODIFICATION} subject via archive process.: {label} Already Exists for another "
            "Subject"
        )
    if merge.override:
        return None
    if incoming.modality != existing.modality:
        return f"{_MODIFICATION} modality via archive process.  Data may require a manual merge."
    if incoming.study_instance_uid != existing.study_instance_uid:
        return f"{_MODIFICATION} UID via archive process."
    return _scan_conflict(incoming, existing, overwrite=merge.overwrite)


def _scan_conflict(
    incoming: ReceivedSession, existing: ReceivedSession, *, overwrite: bool
) -> str | None:
    contents = {item.ref.sop_instance_uid: item.digest for item in existing.instances}
    for uid, scan in incoming.scans.items():
        held = existing.scans.get(uid)
        if held is not None and held.number != scan.number:
            return f"Invalid modification of scan number {held.id} via archive process."
        if held is not None and not overwrite and held.files.keys() & scan.files.keys():
            return "Session already exists with matching files."
        for path, item in scan.files.items():
            replaced = overwrite and held is not None and path in held.files
            known = contents.get(item.ref.sop_instance_uid, item.digest)
            if known != item.digest and not replaced:
                return "Duplicate DCM UID cannot be merged at this time."
    return None
