"""Find what two recipes do differently to the same instances."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from msgspec import Struct

from dicomferry.dicom.changes import changes
from dicomferry.dicom.header import Header
from dicomferry.dicom.made_up import made_up
from dicomferry.engine.trial.bench import Bench, Carried
from dicomferry.model import LEVELS, Excluded
from dicomferry.recipe.effective import Effective
from dicomferry.recipe.recipe import Recipe
from dicomferry.recipe.yaml.document import NodePath, path_text
from dicomferry.recipe.yaml.scalars import Scalar

_SECTIONS: Final = ("servers", "sources", "sinks", "allow")

Named = tuple[str, Header]


class Contrast(Struct, frozen=True):
    """One thing that the first and the second recipe do differently, and to how many instances.

    `what` is `outcome`, `project`, `subject`, `session` or an attribute. `first` and `second` are
    its values; None is an attribute that the instance does not have. `example` names an instance.
    """

    what: str
    first: str | None
    second: str | None
    instances: int
    example: str


class SettingContrast(Struct, frozen=True):
    """A setting that differs in servers, sources or sinks; None in the recipe that has it not."""

    path: str
    first: Scalar
    second: Scalar


def contrasts(first: Bench, second: Bench, headers: Iterable[Named]) -> tuple[list[Contrast], int]:
    """Return the contrasts, first met first, and the number of instances compared."""
    counts: dict[tuple[str, str | None, str | None], tuple[int, str]] = {}
    compared = 0
    for name, header in headers:
        compared += 1
        for key in _contrasts(first.carry(header), second.carry(header)):
            number, example = counts.get(key, (0, name))
            counts[key] = (number + 1, example)
    found = [
        Contrast(what, one, other, number, example)
        for (what, one, other), (number, example) in counts.items()
    ]
    return found, compared


def _contrasts(one: Carried, other: Carried) -> Iterator[tuple[str, str | None, str | None]]:
    if _outcome(one) != _outcome(other):
        yield "outcome", _outcome(one), _outcome(other)
    if one.after is None or other.after is None:
        return
    if one.forecast is not None and other.forecast is not None:
        for level in LEVELS:
            was = getattr(one.forecast.destination, level)
            now = getattr(other.forecast.destination, level)
            if was != now:
                yield level, was, now
    for change in changes(one.after, other.after):
        yield change.name, change.before, change.after


def _outcome(carried: Carried) -> str:
    if carried.held is None:
        return "sent"
    word = "excluded" if isinstance(carried.held, Excluded) else "rejected"
    return f"{word}: {carried.held.reason}"


def settings(first: Effective, second: Effective) -> Iterator[SettingContrast]:
    """Yield the settings that differ in servers, sources, sinks and waived problems."""
    one, other = _settings(first), _settings(second)
    for path in dict.fromkeys([*one, *other]):
        if one.get(path) != other.get(path):
            yield SettingContrast(path_text(path), one.get(path), other.get(path))


def _settings(effective: Effective) -> Mapping[NodePath, Scalar]:
    return {path: value for path, value in effective.values().items() if path[0] in _SECTIONS}


def given_in(recipe: Recipe) -> Iterator[Named]:
    """Yield the instances that a recipe's own tests make up."""
    for number, test in enumerate(recipe.tests):
        if "file" not in test:
            label = f"{recipe.name} tests[{number}]"
            names: dict[str, dict[str, Any]] = {
                key: test.get(key) or {} for key in ("given", "path", "row")
            }
            yield label, made_up(names["given"], label, names["path"], names["row"])
