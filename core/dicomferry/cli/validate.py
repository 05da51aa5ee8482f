"""`dicomferry validate`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

from dicomferry.cli.options.common import format_option, recipe_argument, set_option
from dicomferry.cli.options.with_ferry import open_ferry
from dicomferry.cli.views.text import show_json
from dicomferry.errors import ProblemsError
from dicomferry.reports.problem import ValidateReport, problem_records


@click.command("validate")
@recipe_argument
@set_option
@format_option
def command(recipe: Path, overrides: Mapping[str, str], form: str) -> int:
    """Check RECIPE without touching any data; every fault is told at once, with its place."""
    try:
        name = open_ferry(recipe, overrides).recipe.name
    except ProblemsError as error:
        if form == "json":
            show_json(ValidateReport(False, problem_records(error.problems)))
            return error.exit_code
        raise
    if form == "json":
        show_json(ValidateReport(True, ()))
    else:
        click.echo(f"{recipe}: '{name}' is valid")
    return 0
