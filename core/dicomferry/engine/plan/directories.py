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
    """What a DICOMDIR lists and nothing found has; `cut` where the DICOMDIR is cut short.

    `missing` are those that are not below the DICOMDIR's folder; None in an archive.
    """

    wanted: list[ListedFile]
    cut: bool
    missing: list[ListedFile] | None


def _reason(items: ItemGroups, directory: Dicomdir, listed: _Listed) -> str:
    missing = listed.missing
    if missing is None:
        missing = _not_in_archive(items, directory, listed.wanted)
    reasons = ["is cut short: not all that it lists is known"] if listed.cut else []
    if missing:
        count = "1 file that is" if len(missing) == 1 else f"{len(missing):,} files that are"
        reasons.append(f"lists {count} not there, first {'/'.join(missing[0].parts)}")
    return "; it ".join(reasons)


def _read(places: list[Location], known: frozenset[str], look: Look) -> Iterator[_Listed]:
    for place in places:
        look(place.path)
        files, cut = _listed_by(place)
        wanted = [one for one in files if one.sop_instance_uid not in known]
        missing = None if place.member else _not_on_disk(place.path, wanted)
        yield _Listed(wanted, cut, missing)


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
