"""Files that a DICOMDIR of the source lists and that are not there."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from functools import lru_cache

from dicomferry.dicom.directory import ListedFile, listed_files
from dicomferry.engine.plan.problems.kinds import problem
from dicomferry.ledger.planning.alike import ItemGroups
from dicomferry.model import Location, Problem

_MOST = 20
"""DICOMDIRs that are told one by one."""


def listed(items: ItemGroups) -> Iterator[Problem]:
    """Find DICOMDIRs of which neither a listed instance nor its file was found.

    An instance that was found under another name is not missing: disks are copied with their names
    in other letters, and flattened.
    """
    directories = [(place, _listed_by(place)) for place in items.dicomdirs()]
    if not any(files for _, files in directories):
        return
    known = items.sop_instance_uids()
    told = 0
    for place, files in directories:
        missing = _missing(place, (one for one in files if one.sop_instance_uid not in known))
        if not missing:
            continue
        told += 1
        if told <= _MOST:
            count = "1 file that is" if len(missing) == 1 else f"{len(missing):,} files that are"
            first = "/".join(missing[0].parts)
            yield problem("listed-not-found", f"{place} lists {count} not there, first {first}")
    if told > _MOST:
        yield problem("listed-not-found", f"and {told - _MOST:,} DICOMDIRs more list such files")


def _listed_by(place: Location) -> list[ListedFile]:
    try:
        return list(listed_files(os.fsencode(place.path)))
    except OSError:  # it was read a moment ago; what it lists cannot be known
        return []


def _missing(place: Location, files: Iterable[ListedFile]) -> list[ListedFile]:
    folder = os.path.dirname(os.fsencode(place.path))  # noqa: PTH120  a name of bytes

    @lru_cache(maxsize=256)
    def names(inside: bytes) -> dict[str, bytes]:
        try:
            return {_plain(os.fsdecode(name)): name for name in os.listdir(inside)}  # noqa: PTH208
        except OSError:
            return {}

    def there(one: ListedFile) -> bool:
        at = folder
        for part in one.parts:
            name = names(at).get(_plain(part))
            if name is None:
                return False
            at = os.path.join(at, name)  # noqa: PTH118
        return True

    return [one for one in files if not there(one)]


def _plain(name: str) -> str:
    """Return a name without what ISO 9660 adds: letters of another case, `;1`, a last point."""
    return name.partition(";")[0].rstrip(".").casefold()
