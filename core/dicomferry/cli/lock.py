"""`dicomferry lock`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dicomferry.cli.options.common import find_plugins, read_recipe, recipe_argument, set_option
from dicomferry.engine.pipeline.steps import Steps, build_steps
from dicomferry.engine.provenance.lock_file import (
    drift,
    lock_path,
    lock_text,
    make_lock,
    read_lock,
)
from dicomferry.errors import FerryError

if TYPE_CHECKING:
    from dicomferry.host import Plugins
    from dicomferry.recipe.recipe import Recipe


@click.command("lock")
@recipe_argument
@set_option
@click.option("--check", is_flag=True, help="Write nothing; fail where the lock does not fit.")
def command(recipe: Path, overrides: Mapping[str, str], check: bool) -> None:
    """Write what a run of RECIPE is made of into NAME.lock beside it, to be reviewed like code.

    `dicomferry run --locked` refuses to run where anything of it has changed. Give the params of
    the run with --set, they are part of it.
    """
    plugins = find_plugins()
    loaded = read_recipe(recipe, overrides, plugins)
    steps = build_steps(loaded, plugins)
    path = lock_path(recipe)
    if check:
        refuse_drift(recipe, loaded, plugins, steps)
        click.echo(f"{path}: fits")
        return
    try:
        path.write_text(lock_text(make_lock(loaded, plugins, steps)), encoding="utf-8")
    except OSError as error:
        raise FerryError(f"{path}: cannot be written: {error.strerror}") from None
    click.echo(f"{path}: written; run it with: dicomferry run --locked {recipe}")


def refuse_drift(path: Path, recipe: Recipe, plugins: Plugins, steps: Steps) -> None:
    """Raise `FerryError` where anything differs from the lock beside the recipe, line by line."""
    lock = lock_path(path)
    found = drift(read_lock(lock), make_lock(recipe, plugins, steps))
    if found:
        lines = "\n".join(f"  {line}" for line in found)
        raise FerryError(
            f"{lock}: this is not what was locked; nothing was sent\n{lines}",
            hint="restore what was locked, or review the change and `dicomferry lock` it",
        )
