"""The contract of importers: they make a recipe of a script of another tool."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct


class Translation(Struct, frozen=True):
    """The text of a recipe, and a fault for each line of the script that the recipe does not do."""

    text: str
    faults: tuple[str, ...] = ()


class Importer(Struct, frozen=True):
    """Reads scripts of one kind.

    `translate` gets the text of a script and the name of the new recipe. It returns None for a
    script of another kind. `summary` says which scripts the importer reads.
    """

    name: str
    summary: str
    translate: Callable[[str, str], Translation | None]
