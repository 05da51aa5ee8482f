"""What the last plan was to bring, and what is not there any more."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import lru_cache, partial
from itertools import islice
from typing import Final

from dicomferry.contract.source import Look
from dicomferry.engine.workers.apart import apart
from dicomferry.engine.workers.workshop import Workshop
from dicomferry.errors import FerryError
from dicomferry.ledger.planning.catalog import PlanWriter
from dicomferry.ledger.planning.whereabouts import GONE, allow_lost, missed, note_gone
from dicomferry.ledger.rows import Item, Verdict
from dicomferry.model import Location

_FILE: Final = "was in the last plan, is not stored everywhere, and is not there any more"
_BATCH: Final = 10_000
"""Items of one process."""

_MEMBER: Final = f"{_FILE}: the archive has changed"


def note_what_is_gone(shop: Workshop, catalog: PlanWriter) -> None:
    """Keep planned files that have vanished in the plan, as not looked into.

    A smaller disk must not look like a smaller task that is done. Where the recipe allows `gone`
    they are excluded. What every sink has does not count, nor what is at another place now, nor
    what is there and the recipe leaves out.
    """
    keys = [sink_step.key for sink_step in shop.steps.sinks]
    found = missed(shop.ledger, catalog.scan, keys)
    allowed = GONE in shop.spec.recipe.allow
    verdict = Verdict.EXCLUDED if allowed else Verdict.NOT_LOOKED_INTO
    note_gone(shop.ledger, catalog.scan, verdict, _gone_of(found))
    if allowed:
        allow_lost(shop.ledger, catalog.scan)


def _gone_of(items: Iterator[Item]) -> Iterator[tuple[Item, str]]:
    while batch := list(islice(items, _BATCH)):
        yield from apart(partial(_gone, batch))


def _gone(items: list[Item], look: Look) -> Iterator[tuple[Item, str]]:
    members = lru_cache(maxsize=4)(_members)
    for item in items:
        place = item.location
        look(place.path)
        if not os.path.lexists(place.path):
            yield item, _FILE
        elif place.member and _lacks(members(place.path), place):
            yield item, _MEMBER


def _lacks(members: frozenset[str] | None, place: Location) -> bool:
    """Tell whether an archive is known not to have a member; nobody knows of a broken one."""
    return members is not None and place.member not in members


def _members(path: str) -> frozenset[str] | None:
    from dicomferry.dicom.archive import is_archive, list_members

    if not is_archive(path):
        return frozenset() if os.access(path, os.R_OK) else None
    try:
        return frozenset(member.name for member in list_members(path))
    except (FerryError, OSError):
        return None
