"""Globs of `include` that name a folder of their own, in which nothing was found."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from msgspec import Struct

from dicomferry_plugins._globs import compile_globs

_WILD = re.compile(r"[*?\[]")


class Place(Struct, frozen=True):
    """A glob, and the path before its first wildcard: the folder that it names."""

    glob: str
    folder: str
    pattern: re.Pattern[str]


def places_of(globs: Iterable[str]) -> tuple[Place, ...]:
    """Return the places of globs that name one; `**/*.dcm` is a kind of files, and no place."""
    found = ((glob, _named(glob)) for glob in globs)
    return tuple(Place(glob, name, compile_globs((glob,))) for glob, name in found if name)


def unmet_places(places: Iterable[Place], paths: Collection[str]) -> list[Place]:
    """Return those of the places that no path matches."""
    return [place for place in places if not any(map(place.pattern.fullmatch, paths))]


def _named(glob: str) -> str:
    parts = glob.split("/")
    fixed = next((n for n, part in enumerate(parts) if _WILD.search(part)), len(parts))
    return "/".join(parts[:fixed])
