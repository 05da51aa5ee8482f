"""`dicomferry validate`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import click

from dicomferry.cli.options.common import (
    find_plugins,
    format_option,
    read_recipe,
    recipe_argument,
    set_option,
)
from dicomferry.cli.views.text import problem_json
from dicomferry.errors import ProblemsError


@click.command("validate")
@recipe_argument
@set_option
@format_option
def command(recipe: Path, overrides: Mapping[str, str], form: str) -> int:
    """Check RECIPE without touching any data; every fault is told at once, with its place."""
    try:
        loaded = read_recipe(recipe, overrides, find_plugins())
    except ProblemsError as error:
        if form == "json":
            problems = [problem_json(problem) for problem in error.problems]
            click.echo(json.dumps({"valid": False, "problems": problems}, indent=2))
            return error.exit_code
        raise
    if form == "json":
        click.echo(json.dumps({"valid": True, "problems": []}, indent=2))
    else:
        click.echo(f"{recipe}: '{loaded.name}' is valid")
    return 0
