"""A recipe as it takes effect, value by value."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from dicomferry.recipe.effective import EffectiveLine
from dicomferry.recipe.yaml.scalars import Scalar


class EffectiveRecord(Struct, frozen=True):
    """One value of a recipe; `origin` says what gave it, `file` and `line` where the recipe has it.

    `template` is the text before parameters were filled in, empty for a value without any.
    """

    path: str
    value: Scalar
    origin: str
    file: str | None
    line: int | None
    template: str


def effective_records(lines: Iterable[EffectiveLine]) -> tuple[EffectiveRecord, ...]:
    """Return the values among the lines of a recipe as records, in their order."""
    return tuple(_record(line) for line in lines if not line.holds)


def _record(line: EffectiveLine) -> EffectiveRecord:
    place = line.place
    return EffectiveRecord(
        line.name, line.value, line.origin, place.file if place else None,
        place.line if place else None, line.template,
    )  # fmt: skip
