"""`dicomferry test`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import click

from dicomferry.cli.options.common import (
    find_plugins,
    format_option,
    read_recipe,
    recipe_argument,
    set_option,
)
from dicomferry.cli.views.text import count, say
from dicomferry.engine.trial.expectation import Result, UnmetExpectation, run_tests
from dicomferry.errors import FerryError


@click.command("test")
@recipe_argument
@set_option
@format_option
@click.option("--update", is_flag=True, help="Rewrite what is expected; comments are kept.")
def command(recipe: Path, overrides: Mapping[str, str], form: str, update: bool) -> int:
    """Try RECIPE on its own tests; no data are needed, and nothing is sent.

    The expectations come from reading the recipe, so read what --update writes.
    """
    plugins = find_plugins()
    loaded = read_recipe(recipe, overrides, plugins)
    if not loaded.tests:
        raise FerryError(
            f"{recipe}: the recipe has no tests", hint="docs/recipe.md, Tests, says how to add one"
        )
    results = list(run_tests(loaded, plugins))
    updated = 0
    if update:
        from dicomferry.engine.trial.update import update as rewrite

        updated = rewrite(recipe, results, loaded.tests)
    if form == "json":
        click.echo(json.dumps(_json(results, updated), indent=2))
    else:
        say(_lines(recipe, results))
        if update:
            click.echo(f"{count(updated, 'test')} rewritten: read what they expect now")
    return int(not update and not all(result.passed for result in results))


def _lines(recipe: Path, results: Sequence[Result]) -> Iterator[str]:
    for result in results:
        for difference in result.differences:
            yield from _difference(result, difference)
    failed = sum(not result.passed for result in results)
    verdict = f"{failed} failed" if failed else "all passed"
    yield f"{recipe}: {count(len(results), 'test')}, {verdict}"


def _difference(result: Result, difference: UnmetExpectation) -> Iterator[str]:
    where = ".".join([f"tests[{result.number}]", *difference.path])
    name = f" ({result.name})" if result.name else ""
    yield f"{difference.place}: {where}{name}"
    yield f"  - {_shown(difference.expected)}"
    yield f"  + {_shown(difference.actual)}"
    if difference.why:
        yield f"    {difference.why}"


def _shown(value: str | bool | None) -> str:
    return "(not there)" if value is None else str(value).lower() if value is False else str(value)


def _json(results: Sequence[Result], updated: int) -> dict[str, object]:
    return {
        "passed": all(result.passed for result in results),
        "updated": updated,
        "tests": [_result_json(result) for result in results],
    }


def _result_json(result: Result) -> dict[str, object]:
    return {
        "number": result.number,
        "name": result.name,
        "passed": result.passed,
        "differences": [
            {
                "path": ".".join([f"tests[{result.number}]", *difference.path]),
                "file": difference.place.file if difference.place else None,
                "line": difference.place.line if difference.place else None,
                "column": difference.place.column if difference.place else None,
                "expected": difference.expected,
                "actual": difference.actual,
                "why": difference.why,
            }
            for difference in result.differences
        ],
    }
