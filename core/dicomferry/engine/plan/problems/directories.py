"""Files that a DICOMDIR of the source lists and that are not there."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import lru_cache, partial

from dicomferry.contract.source import Look
from dicomferry.dicom.directory import ListedFile, is_cut, listed_files
from dicomferry.dicom.opening import open_blob
from dicomferry.engine.plan.problems.kinds import problem
from dicomferry.engine.workers.apart import apart
from dicomferry.errors import FerryError
from dicomferry.ledger.planning.alike import Dicomdir, ItemGroups
from dicomferry.model import Location, Problem

_MOST = 20
"""DICOMDIRs that are told one by one."""


def listed(items: ItemGroups) -> Iterator[Problem]:
    """Find DICOMDIRs of which neither a listed instance nor its file was found.

    An instance that was found under another name is not missing: disks are copied with their names
    in other letters, and flattened.
    """
    known = items.sop_instance_uids()
    told = 0
    directories = items.dicomdirs()
    read = (
        apart(partial(_read, [one.location for one in directories], known)) if directories else ()
    )
    for directory, (wanted, cut, on_disk) in zip(directories, read, strict=False):
        if cut:
            place = directory.location
            yield problem(
                "listed-not-found", f"{place} is cut short: not all that it lists is known"
            )
        missing = _not_in_archive(items, directory, wanted) if on_disk is None else on_disk
        if not missing:
            continue
        told += 1
        if told <= _MOST:
            count = "1 file that is" if len(missing) == 1 else f"{len(missing):,} files that are"
            first = "/".join(missing[0].parts)
            yield problem(
                "listed-not-found", f"{directory.location} lists {count} not there, first {first}"
            )
    if told > _MOST:
        yield problem("listed-not-found", f"and {told - _MOST:,} DICOMDIRs more list such files")


def _read(
    places: list[Location], known: frozenset[str], look: Look
) -> Iterator[tuple[list[ListedFile], bool, list[ListedFile] | None]]:
    """Yield what each DICOMDIR lists that is not known, and whether the DICOMDIR is cut short.

    The third says which of it is not below the DICOMDIR's folder; it is None for an archive's.
    """
    for place in places:
        look(place.path)
        files, cut = _listed_by(place)
        wanted = [one for one in files if one.sop_instance_uid not in known]
        missing = None if place.member else _not_on_disk(place.path, wanted)
        yield wanted, cut, missing


def _listed_by(place: Location) -> tuple[list[ListedFile], bool]:
    """Return what a DICOMDIR lists, and whether it is cut short."""
    try:
        with closing(open_blob(place)) as blob:
            return list(listed_files(blob)), is_cut(blob)
    except FerryError:  # it was read a moment ago; what it lists cannot be known
        return [], True


def _not_in_archive(
    items: ItemGroups, directory: Dicomdir, wanted: list[ListedFile]
) -> list[ListedFile]:
    """Return which listed files are not in the DICOMDIR's archive."""
    if not wanted:
        return []
    above = directory.location.member.split("/")[:-1]
    names = {tuple(map(_plain, name.split("/"))) for name in items.beside(directory)}
    return [one for one in wanted if tuple(map(_plain, (*above, *one.parts))) not in names]


def _not_on_disk(path: str, wanted: list[ListedFile]) -> list[ListedFile]:
    """Return which listed files are not below the DICOMDIR's folder."""
    there = _on_disk(path)
    return [one for one in wanted if not there(one)]


def _on_disk(path: str) -> Callable[[ListedFile], bool]:
    """Return what tells whether a listed file is below the DICOMDIR's folder."""
    folder = os.path.dirname(os.fsencode(path))  # noqa: PTH120  a name of bytes

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

    return there


def _plain(name: str) -> str:
    """Return a name without what ISO 9660 adds: letters of another case, `;1`, a last point."""
    return name.partition(";")[0].rstrip(".").casefold()
