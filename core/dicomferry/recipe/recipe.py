"""A valid recipe: every step's options have their own type, every value has its place."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from dicomferry.model import Place
from dicomferry.template import Condition


class Step(Struct, frozen=True):
    """One item of `sources`, `transforms` or `sinks`.

    `options` is of the component's own options type; `path` is as in `transforms[0]`. Where the
    recipe gives no `id`, `id` is the component's name, or `name-2`.
    """

    kind: str
    component: str
    options: object
    id: str
    when: Condition | None
    path: str
    place: Place


class Recipe(Struct, frozen=True):
    """A recipe with its params filled in.

    `digest` is a hex SHA-256 of the rendered recipe: equal digests mean the same work. `tests` are
    the recipe's own tests, as plain mappings. `allow` are the codes of problems that it waives.
    """

    file: Path
    folder: Path
    name: str
    description: str
    params: Mapping[str, str]
    servers: Mapping[str, object]
    sources: tuple[Step, ...]
    transforms: tuple[Step, ...]
    sinks: tuple[Step, ...]
    allow: frozenset[str]
    tests: tuple[Mapping[str, Any], ...]
    digest: str
    places: Mapping[str, Place]

    @property
    def steps(self) -> tuple[Step, ...]:
        """Every step, in the order of a run."""
        return self.sources + self.transforms + self.sinks

    def place(self, path: str) -> Place | None:
        """Return the place of a path such as `transforms[0].remap.set`; None for an unknown one."""
        return self.places.get(path)
