"""`dicomferry validate`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

from dicomferry.cli.options.common import format_option, recipe_argument, set_option
from dicomferry.cli.options.with_ferry import open_ferry
from dicomferry.cli.views.text import problem_lines, say, show_json
from dicomferry.errors import ProblemsError
from dicomferry.reports.problem import ValidateReport, problem_records


@click.command("validate")
@recipe_argument
@set_option
@format_option
def command(recipe: Path, overrides: Mapping[str, str], form: str) -> int:
    """Check RECIPE, and the tables it names, without touching any DICOM data.

    Every fault is told at once, with its place.
    """
    try:
        ferry = open_ferry(recipe, overrides)
        remarks = ferry.remarks()
    except ProblemsError as error:
        if form == "json":
            show_json(ValidateReport(False, problem_records(error.problems)))
            return error.exit_code
        raise
    if form == "json":
        show_json(ValidateReport(True, problem_records(remarks)))
    else:
        say(problem_lines(problem_records(remarks)))
        click.echo(f"{recipe}: '{ferry.recipe.name}' is valid")
    return 0
