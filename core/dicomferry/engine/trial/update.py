"""Rewrite the expectations of a recipe's tests to what the recipe does; comments stay."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from dicomferry.engine.trial.expectation import Result, UnmetExpectation, run_tests
from dicomferry.errors import FerryError
from dicomferry.host import Plugins
from dicomferry.model import LEVELS, Excluded
from dicomferry.recipe.recipe import Recipe
from dicomferry.recipe.yaml.rewriting import Value, YamlText, read_text, write_text

NodePath = tuple[str | int, ...]


def try_recipe(
    file: Path, recipe: Recipe, plugins: Plugins, *, rewrite: bool
) -> tuple[list[Result], int]:
    """Run a recipe's own tests; return what came, and how many tests of its `file` were rewritten.

    Raises `FerryError` for a recipe without tests, and when one cannot be run at all.
    """
    if not recipe.tests:
        raise FerryError(
            f"{file}: the recipe has no tests", hint="docs/recipe.md, Tests, says how to add one"
        )
    results = list(run_tests(recipe, plugins))
    return results, update(file, results, recipe.tests) if rewrite else 0


def update(file: Path, results: Iterable[Result], tests: tuple[Mapping[str, Any], ...]) -> int:
    """Rewrite unmet and empty expectations; return the number of tests that were rewritten.

    Raises `FerryError` when the file cannot be written.
    """
    text = read_text(file)
    before = text.text
    changed = 0
    for result in results:
        expect = tests[result.number].get("expect") or {}
        if result.passed and expect:
            continue
        changed += 1
        _rewrite(text, result, expect)
    if text.text != before:
        write_text(file, text.text)
    return changed


def _rewrite(text: YamlText, result: Result, expect: Mapping[str, Any]) -> None:
    path: NodePath = ("tests", result.number, "expect")
    held = result.carried.held
    outcomes = {"excluded", "rejected"} & expect.keys()
    if held is not None or outcomes or not expect:
        text.replace(path, _whole(result))
        return
    sections = {difference.path[1] for difference in result.differences}
    for section in ("edits", "tags"):
        if section in sections and not _each_there(text, path, section, result.differences):
            text.replace((*path, section), _section(result, section, expect))
            sections.discard(section)
    for difference in result.differences:
        if difference.path[1] in sections:
            text.replace((*path, *difference.path[1:]), difference.actual)


def _each_there(
    text: YamlText, path: NodePath, section: str, differences: Iterable[UnmetExpectation]
) -> bool:
    """Tell whether each difference of a section has a line of its own in the recipe."""
    mine = [one for one in differences if one.path[1] == section]
    lines = [(*path, *one.path[1:]) for one in mine]
    return (
        len(set(lines)) == len(lines)
        and all(map(text.has, lines))
        and not any(one.why for one in mine)
    )


def _section(result: Result, section: str, expect: Mapping[str, Any]) -> Value:
    changed: dict[str, Value] = {one.name: one.after for one in result.carried.changes}
    if section == "edits":
        return changed
    now: dict[str, Value] = dict(expect["tags"])
    for difference in result.differences:
        if difference.path[1] == "tags":
            now[difference.path[2]] = difference.actual
    return now


def _whole(result: Result) -> Value:
    held, forecast = result.carried.held, result.carried.forecast
    if held is not None:
        return {"excluded" if isinstance(held, Excluded) else "rejected": held.reason}
    if forecast is None:
        return {}
    return {level: getattr(forecast.destination, level) for level in LEVELS}
