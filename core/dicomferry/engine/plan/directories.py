"""DICOMDIRs that list files which the source does not have."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import lru_cache, partial
from typing import Final

from msgspec import Struct

from dicomferry.contract.source import Look
from dicomferry.dicom.directory import ListedFile, is_cut, listed_files
from dicomferry.dicom.opening import open_blob
from dicomferry.engine.workers.apart import apart
from dicomferry.engine.workers.workshop import Workshop
from dicomferry.errors import FerryError
from dicomferry.ledger.planning.alike import Dicomdir, ItemGroups
from dicomferry.ledger.planning.catalog import PlanWriter
from dicomferry.ledger.rows import Verdict
from dicomferry.model import Location

LISTED_NOT_FOUND: Final = "listed-not-found"


def note_what_directories_miss(shop: Workshop, catalog: PlanWriter) -> None:
    """Call DICOMDIRs of which neither a listed instance nor its file was found not looked into.

    A file counts as found unless it is known to be no instance, or another one.

    An instance that was found under another name is not missing: disks are copied with their names
    in other letters, and flattened. Where the recipe allows it they are excluded.
    """
    # No group is asked for: to make them takes as long as a scan, and the plan changes again.
    items = ItemGroups(shop.ledger, catalog.scan)
    directories = items.dicomdirs()
    if not directories:
        return
    allowed = LISTED_NOT_FOUND in shop.spec.recipe.allow
    verdict = Verdict.EXCLUDED if allowed else Verdict.NOT_LOOKED_INTO
    places = [one.location for one in directories]
    read = apart(partial(_read, places, items.sop_instance_uids()))
    held = [
        (directory.item, verdict, LISTED_NOT_FOUND, reason)
        for directory, listed in zip(directories, read, strict=True)
        if (reason := _reason(items, directory, listed))
    ]
    catalog.hold(held)


class _Listed(Struct, frozen=True):
    """What a DICOMDIR lists and no instance found is; `cut` where the DICOMDIR is cut short.

    `paths` has for each of them the file that is listed, and "" where there is none; it is None for
    a DICOMDIR in an archive.
    """

    wanted: list[ListedFile]
    cut: bool
    paths: list[str] | None


def _reason(items: ItemGroups, directory: Dicomdir, listed: _Listed) -> str:
    places = (
        _in_archive(items, directory, listed)
        if listed.paths is None
        else map(Location, listed.paths)
    )
    missing, others = [], []
    for one, place in zip(listed.wanted, places, strict=True):
        if not (place.member if directory.location.member else place.path):
            missing.append(one)
        elif items.is_other(directory, place, one.sop_instance_uid):
            others.append(one)
    reasons = ["is cut short: not all that it lists is known"] if listed.cut else []
    reasons += _counted(missing, "not there")
    reasons += _counted(others, "not what is listed: no instance, or another one")
    return "; it ".join(reasons)


def _counted(files: list[ListedFile], what: str) -> list[str]:
    if not files:
        return []
    count = "1 file that is" if len(files) == 1 else f"{len(files):,} files that are"
    return [f"lists {count} {what}, first {'/'.join(files[0].parts)}"]


def _read(places: list[Location], known: frozenset[str], look: Look) -> Iterator[_Listed]:
    for place in places:
        look(place.path)
        files, cut = _listed_by(place)
        wanted = [one for one in files if one.sop_instance_uid not in known]
        paths = None if place.member else list(map(_on_disk(place.path), wanted))
        yield _Listed(wanted, cut, paths)


def _listed_by(place: Location) -> tuple[list[ListedFile], bool]:
    """Return what a DICOMDIR lists, and whether it is cut short."""
    try:
        with closing(open_blob(place)) as blob:
            return list(listed_files(blob)), is_cut(blob)
    except FerryError:  # it was read a moment ago; what it lists cannot be known
        return [], True


def _in_archive(items: ItemGroups, directory: Dicomdir, listed: _Listed) -> Iterator[Location]:
    """Yield where the DICOMDIR's archive has a listed file; without a member where it has none."""
    archive = directory.location
    names = {tuple(map(_plain, name.split("/"))): name for name in items.beside(directory)}
    above = archive.member.split("/")[:-1]
    for one in listed.wanted:
        yield Location(archive.path, names.get(tuple(map(_plain, (*above, *one.parts))), ""))


def _on_disk(path: str) -> Callable[[ListedFile], str]:
    """Return what finds a listed file below the DICOMDIR's folder; it returns "" for none."""
    folder = os.path.dirname(os.fsencode(path))  # noqa: PTH120  a name of bytes

    @lru_cache(maxsize=256)
    def names(inside: bytes) -> dict[str, bytes]:
        try:
            return {_plain(os.fsdecode(name)): name for name in os.listdir(inside)}  # noqa: PTH208
        except OSError:
            return {}

    def there(one: ListedFile) -> str:
        at = folder
        for part in one.parts:
            name = names(at).get(_plain(part))
            if name is None:
                return ""
            at = os.path.join(at, name)  # noqa: PTH118
        return "" if os.path.isdir(at) else os.fsdecode(at)  # noqa: PTH112

    return there


def _plain(name: str) -> str:
    """Return a name without what ISO 9660 adds: letters of another case, `;1`, a last point."""
    return name.partition(";")[0].rstrip(".").casefold()
