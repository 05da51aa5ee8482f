"""`dicomferry migrate`."""

from __future__ import annotations

from pathlib import Path

import click

from dicomferry.cli.options.common import recipe_argument
from dicomferry.recipe.migrate import migrate
from dicomferry.recipe.schema import FORMAT_VERSION
from dicomferry.recipe.yaml.rewriting import read_text, write_text


@click.command("migrate")
@recipe_argument
@click.option("--check", is_flag=True, help="Only say what would change; end with code 1 then.")
def command(recipe: Path, check: bool) -> int:
    """Rewrite RECIPE, written for an older dicomferry, in the format of this one.

    Comments and layout are kept, and what a recipe extends is a recipe of its own.
    """
    text = read_text(recipe)
    steps = migrate(text)
    if not steps:
        click.echo(f"{recipe}: is of format version {FORMAT_VERSION} already")
        return 0
    for step in steps:
        click.echo(f"{recipe}: {step}")
    if check:
        return 1
    write_text(recipe, text.text)
    click.echo(f"{recipe}: is of format version {FORMAT_VERSION} now")
    return 0
