"""`dicomferry diff`."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dicomferry.cli.diff_runs import are_manifests, diff_runs
from dicomferry.cli.options.common import find_plugins, format_option, read_files, set_option
from dicomferry.cli.views.text import columns, count, say
from dicomferry.errors import DamagedError, FerryError, NotDicomError

if TYPE_CHECKING:
    from dicomferry.dicom.header import Header
    from dicomferry.engine.trial.contrast import Contrast, SettingContrast
    from dicomferry.host import Plugins
    from dicomferry.recipe.effective import Effective
    from dicomferry.recipe.recipe import Recipe

_WIDTH = 60


@click.command("diff")
@click.argument("first", type=click.Path(path_type=Path))
@click.argument("second", type=click.Path(path_type=Path))
@click.option(
    "--files", "folder", type=click.Path(path_type=Path),
    help="Compare what becomes of these files, rather than of instances made up.",
)  # fmt: skip
@set_option
@format_option
def command(
    first: Path, second: Path, folder: Path | None, overrides: Mapping[str, str], form: str
) -> int:
    """Show how the recipes FIRST and SECOND differ in effect, tag by tag; 1 when they do.

    Both are tried on the instances of their own tests and on others made up of what they mention.
    Two manifests of runs are compared instance by instance instead.
    """
    if are_manifests(first, second):
        return diff_runs(first, second, form)
    from dicomferry.engine.trial.bench import Bench
    from dicomferry.engine.trial.contrast import contrasts, settings

    plugins = find_plugins()
    loaded = [_load(path, overrides, plugins) for path in (first, second)]
    effective = [one for _, one in loaded]
    benches = [Bench(recipe, plugins) for recipe, _ in loaded]
    headers = _of_files(folder) if folder is not None else _made_up(loaded)
    found, compared = contrasts(benches[0], benches[1], headers)
    if not compared:
        raise FerryError(f"{folder}: holds no instance that can be read")
    differing = list(settings(effective[0], effective[1]))
    if form == "json":
        click.echo(json.dumps(_json(found, differing, compared), indent=2))
    else:
        say(_lines(found, differing, compared))
    return int(bool(found or differing))


def _load(path: Path, overrides: Mapping[str, str], plugins: Plugins) -> tuple[Recipe, Effective]:
    """Load one of the two; a parameter that only the other declares is left to that."""
    from dicomferry.cli.options.common import read_recipe
    from dicomferry.recipe.effective import read_effective
    from dicomferry.recipe.layers import read_layers
    from dicomferry.recipe.settings import ParamSettings

    declared = read_layers(path).root.child("params")
    names = declared.value if declared and isinstance(declared.value, Mapping) else {}
    own = ParamSettings.of(overrides).only(names)
    return read_recipe(path, own, plugins), read_effective(path, own, os.environ)


def _made_up(loaded: Sequence[tuple[Recipe, Effective]]) -> Iterator[tuple[str, Header]]:
    from dicomferry.engine.trial.contrast import given_in
    from dicomferry.engine.trial.probes import probes

    texts: list[str] = []
    for recipe, effective in loaded:
        yield from given_in(recipe)
        for path, value in effective.values().items():
            texts += [str(key) for key in path if path[0] != "tests"]
            texts += [value] if isinstance(value, str) and path[0] != "tests" else []
    yield from probes(texts)


def _of_files(folder: Path) -> Iterator[tuple[str, Header]]:
    from dicomferry.engine.trial.bench import header_of

    for file in read_files((folder,)):
        with suppress(NotDicomError, DamagedError), header_of(file) as header:
            yield str(file), header


def _lines(
    found: Sequence[Contrast], differing: Sequence[SettingContrast], compared: int
) -> Iterator[str]:
    for one in differing:
        yield one.path
        yield f"  - {_shown(one.first)}"
        yield f"  + {_shown(one.second)}"
    rows = [
        [e.what, _quoted(e.first), "→", _quoted(e.second), f"({e.instances}, {e.example})"]
        for e in found
    ]
    yield from columns(rows, indent="")
    verdict = "no difference" if not found else count(len(found), "difference")
    yield f"{verdict} in effect, on {count(compared, 'instance')}"


def _shown(value: object) -> str:
    return "(not there)" if value is None else str(value)


def _quoted(value: str | None) -> str:
    if value is None:
        return "(not there)"
    return f'"{value}"' if len(value) <= _WIDTH else f'"{value[:_WIDTH]}"…'


def _json(
    found: Sequence[Contrast], differing: Sequence[SettingContrast], compared: int
) -> dict[str, object]:
    return {
        "same": not found and not differing,
        "compared": compared,
        "settings": [
            {"path": one.path, "first": one.first, "second": one.second} for one in differing
        ],
        "effects": [
            {
                "what": one.what,
                "first": one.first,
                "second": one.second,
                "instances": one.instances,
                "example": one.example,
            }
            for one in found
        ],
    }
