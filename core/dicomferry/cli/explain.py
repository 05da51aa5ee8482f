"""`dicomferry explain`."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import click

from dicomferry.cli.options.common import format_option, recipe_argument, set_option
from dicomferry.cli.views.text import say, show_json
from dicomferry.recipe.effective import EffectiveLine, read_effective
from dicomferry.recipe.yaml.rewriting import written
from dicomferry.reports.effective import effective_records

_WIDEST = 60
_OPEN = ("mapping", "list")


@click.command("explain")
@recipe_argument
@set_option
@format_option
def command(recipe: Path, overrides: Mapping[str, str], form: str) -> None:
    """Show RECIPE as it takes effect, and the file and line that each value comes from.

    What it extends is merged in and params are filled in; what may be a secret is masked.
    """
    lines = list(read_effective(recipe, overrides, os.environ).lines())
    if form == "json":
        show_json(effective_records(lines))
    else:
        say(_text(lines))


def _text(lines: list[EffectiveLine]) -> Iterator[str]:
    shown = list(zip(lines, _yaml(lines), strict=True))
    width = min(_WIDEST, max((len(text) for _, text in shown), default=0))
    for line, text in shown:
        if line.holds in _OPEN:
            yield from [text] if text else []
            continue
        origin = f"{line.origin}, {line.template}" if line.template else line.origin
        yield f"{text:<{width}}  # {origin}"


def _yaml(lines: list[EffectiveLine]) -> Iterator[str]:
    """Yield lines of YAML in the block style; empty for an item whose first key takes the dash."""
    dash = False
    for line in lines:
        *above, last = line.path
        indent = "  " * len(above)
        if isinstance(last, int) and line.holds == "mapping":
            dash = True
            yield ""
            continue
        if dash:
            indent, dash = f"{indent[:-2]}- ", False
        head = "-" if isinstance(last, int) else f"{written(str(last))}:"
        value = "" if line.holds in _OPEN else f" {line.holds or written(line.value)}"
        yield f"{indent}{head}{value}"
