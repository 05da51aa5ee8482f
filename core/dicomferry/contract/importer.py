"""What a plug-in offers that makes a recipe of a script of another tool."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct


class Translation(Struct, frozen=True):
    """The text of a recipe, and line by line what of the script it does not do, and why."""

    text: str
    faults: tuple[str, ...] = ()


class Importer(Struct, frozen=True):
    """Reads scripts of one kind.

    `translate` is given the text of a script and the name of the recipe that is to be made of it.
    It returns None for a script of another kind. `summary` says which scripts it reads.
    """

    name: str
    summary: str
    translate: Callable[[str, str], Translation | None]
