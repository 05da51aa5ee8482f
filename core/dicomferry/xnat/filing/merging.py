"""How the scans of a session are merged into those of an archived one, by their IDs.

XNAT's `PrearcSessionArchiver`: `checkForConflicts` and `correctScanID`. Scans are given by their
SeriesInstanceUIDs.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from itertools import chain, count

from dicomferry.xnat.filing.scans import scan_ids, type_code


def number_conflict(incoming: Mapping[str, str], archived: Mapping[str, str]) -> str | None:
    """Return the ID of the archived scan that a scan of the same series comes to with another ID.

    XNAT merges neither (`Conflict.SCAN_NUMBER`); None where there is no such scan. An ID that is
    taken in the archive, by whichever scan, is no conflict: XNAT renames the incoming scan.
    """
    taken = frozenset(archived.values())
    return next(
        (archived[uid] for uid, id_ in incoming.items() if uid in archived and id_ not in taken),
        None,
    )


def merged_scan_ids(
    incoming: Mapping[str, str], modalities: Mapping[str, str], archived: Mapping[str, str]
) -> dict[str, str]:
    """Return the ID that each incoming scan gets in a session that has the archived ones.

    A series that is there keeps its ID; the IDs of others are made unlike those that are taken.
    """
    merged: dict[str, str] = {}
    taken = set(archived.values())
    for uid, id_ in incoming.items():
        if uid in archived:
            merged[uid] = archived[uid]
            continue
        merged[uid] = _free_id(id_, type_code(modalities[uid]), taken)
        taken.add(merged[uid])
    return merged


def archived_scan_ids(builds: Iterable[Mapping[str, tuple[str, str]]]) -> dict[str, str]:
    """Return the scan IDs of an archived session that was built in parts, in this order.

    Each part has SeriesNumber and modality by series, as `scan_ids` takes them. A part in conflict
    stays in the prearchive.
    """
    archived: dict[str, str] = {}
    for series in builds:
        incoming = scan_ids(series)
        if number_conflict(incoming, archived) is None:
            modalities = {uid: modality for uid, (_, modality) in series.items()}
            archived |= merged_scan_ids(incoming, modalities, archived)
    return archived


def _free_id(scan_id: str, code: str, taken: Collection[str]) -> str:
    """Return `scan_id`, or the first ID made of it and `code` that is not taken.

    XNAT takes a number of one character for the stem of an ID that has a suffix already: `1-MR1`
    becomes `1-MR3`, and `12-MR1` `12-MR1-MR1`.
    """
    has_suffix = re.fullmatch(rf".-{re.escape(code)}[0-9]+", scan_id, re.ASCII)
    stem = scan_id.rpartition("-")[0] if has_suffix else scan_id
    names = chain((scan_id,), (f"{stem}-{code}{number}" for number in count(1)))
    return next(name for name in names if name not in taken)
