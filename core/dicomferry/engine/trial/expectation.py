"""Run the `tests:` of a recipe, and compare what comes of them with what they expect."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from msgspec import Struct

from dicomferry.dicom.changes import value_at
from dicomferry.dicom.edits import TagPath
from dicomferry.dicom.header import Header
from dicomferry.dicom.made_up import made_up, with_given
from dicomferry.dicom.tags import parse_pattern
from dicomferry.engine.trial.bench import Bench, Carried, header_of
from dicomferry.errors import FerryError, NotDicomError
from dicomferry.host import Plugins
from dicomferry.model import LEVELS, Excluded, Place, Rejected
from dicomferry.recipe.recipe import Recipe

_HELD: Final[Mapping[str, type[Excluded] | type[Rejected]]] = {
    "excluded": Excluded,
    "rejected": Rejected,
}


class UnmetExpectation(Struct, frozen=True):
    """One expectation that is not met; `path` are the keys that lead to it below the test.

    `expected` and `actual` are None for an attribute that is not there.
    """

    path: tuple[str, ...]
    place: Place | None
    expected: str | bool | None
    actual: str | None
    why: str = ""


class Result(Struct, frozen=True):
    """What came of `tests[number]` of a recipe."""

    number: int
    name: str
    carried: Carried
    differences: tuple[UnmetExpectation, ...]

    @property
    def passed(self) -> bool:
        """Whether every expectation is met."""
        return not self.differences


def run_tests(recipe: Recipe, plugins: Plugins) -> Iterator[Result]:
    """Run a recipe's tests one by one; raises `FerryError` when one cannot be run at all."""
    bench = Bench(recipe, plugins)
    for number, test in enumerate(recipe.tests):
        try:
            carried = _carried(recipe, bench, number, test)
        except FerryError as error:
            where = recipe.place(f"tests[{number}]")
            raise FerryError(f"{where}: tests[{number}]: {error.message}", error.hint) from error
        places = _Places(recipe, number)
        found = tuple(_differences(test.get("expect") or {}, carried, places))
        yield Result(number, str(test.get("name", "")), carried, found)


def _carried(recipe: Recipe, bench: Bench, number: int, test: Mapping[str, Any]) -> Carried:
    given = test.get("given") or {}
    names, row = test.get("path") or {}, test.get("row") or {}
    if "file" not in test:
        return bench.carry(made_up(given, f"{recipe.name} tests[{number}]", names, row))
    path = recipe.folder / str(test["file"])
    if not path.is_file():
        hint = "paths start at the recipe's folder"
        raise FerryError(f"{path}: there is no such file", hint)
    try:
        with header_of(path) as header:
            return bench.carry(with_given(header, given).with_origin(header.location, names, row))
    except NotDicomError:
        raise
    except FerryError as error:
        return Carried(made_up({}, ""), held=Rejected(error.message))


class _Places(Struct, frozen=True):
    recipe: Recipe
    number: int

    def place(self, *path: str) -> Place | None:
        """Return the place of an expectation, or of the nearest key above it."""
        base = f"tests[{self.number}]"
        for end in range(len(path), -1, -1):
            found = self.recipe.place(".".join([base, *path[:end]]))
            if found is not None:
                return found
        return None


def _differences(
    expect: Mapping[str, Any], carried: Carried, places: _Places
) -> Iterator[UnmetExpectation]:
    held = carried.held
    outcomes = [key for key in _HELD if key in expect]
    for key in outcomes:
        yield from _held(key, expect[key], held, places)
    if held is None and not expect:
        destination = str(carried.forecast.destination) if carried.forecast else "sent"
        why = "nothing is expected yet; --update writes it down"
        yield UnmetExpectation(("expect",), places.place("expect"), None, destination, why)
    elif held is None:
        yield from _levels(expect, carried, places)
        yield from _edits(expect, carried, places)
        yield from _tags(expect, carried, places)
    elif not outcomes:
        word = "excluded" if isinstance(held, Excluded) else "rejected"
        yield UnmetExpectation(("expect",), places.place("expect"), "sent", word, held.reason)


def _held(
    key: str, wanted: object, held: Excluded | Rejected | None, places: _Places
) -> Iterator[UnmetExpectation]:
    path = ("expect", key)
    is_so = isinstance(held, _HELD[key])
    if wanted is False:
        if is_so and held is not None:
            yield UnmetExpectation(path, places.place(*path), False, key, held.reason)
        return
    if held is None or not is_so:
        actual = "sent" if held is None else "rejected" if key == "excluded" else "excluded"
        expected = wanted if isinstance(wanted, str) else key
        reason = held.reason if held is not None else ""
        yield UnmetExpectation(path, places.place(*path), expected, actual, reason)
    elif isinstance(wanted, str) and wanted not in held.reason:
        yield UnmetExpectation(path, places.place(*path), wanted, held.reason)


def _levels(
    expect: Mapping[str, Any], carried: Carried, places: _Places
) -> Iterator[UnmetExpectation]:
    if carried.forecast is None:
        return
    for level in LEVELS:
        actual = getattr(carried.forecast.destination, level)
        if level in expect and expect[level] != actual:
            path = ("expect", level)
            why = f"by {getattr(carried.forecast.because, level)}"
            yield UnmetExpectation(path, places.place(*path), expect[level], actual, why)


def _edits(
    expect: Mapping[str, Any], carried: Carried, places: _Places
) -> Iterator[UnmetExpectation]:
    """Compare every edit: an edit that the test does not expect is a difference, too."""
    if "edits" not in expect or carried.after is None:
        return
    made = {change.path: change for change in carried.changes}
    for name, wanted in (expect["edits"] or {}).items():
        path = ("expect", "edits", name)
        ways = _ways(name, carried.before, carried.after)
        if not any(way in made for way in ways):
            actual = value_at(carried.after, ways[0]) if ways else None
            why = "it is not edited"
            yield UnmetExpectation(path, places.place(*path), wanted, actual, why)
        for way in ways:
            change = made.pop(way, None)
            if change is not None and change.after != wanted:
                yield UnmetExpectation(path, places.place(*path), wanted, change.after)
    for change in made.values():
        path = ("expect", "edits", change.name)
        why = "it is edited, and not expected to be"
        yield UnmetExpectation(path, places.place(*path), change.before, change.after, why)


def _tags(
    expect: Mapping[str, Any], carried: Carried, places: _Places
) -> Iterator[UnmetExpectation]:
    if carried.after is None:
        return
    for name, wanted in (expect.get("tags") or {}).items():
        path = ("expect", "tags", name)
        ways = _ways(name, carried.after)
        if not ways and wanted is not None:
            yield UnmetExpectation(path, places.place(*path), wanted, None)
        for way in ways:
            actual = value_at(carried.after, way)
            if actual != wanted:
                yield UnmetExpectation(path, places.place(*path), wanted, actual)


def _ways(name: str, *headers: Header) -> list[TagPath]:
    pattern = parse_pattern(name)
    return list(dict.fromkeys(way for header in headers for way in pattern.matches(header)))
