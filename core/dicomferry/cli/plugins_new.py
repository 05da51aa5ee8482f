"""`dicomferry plugins new`."""

from __future__ import annotations

from pathlib import Path

import click

from dicomferry.cli.options.common import find_plugins
from dicomferry.cli.views.text import say
from dicomferry.errors import FerryError
from dicomferry.scaffold import KINDS, write_scaffold


@click.command("new")
@click.argument("name")
@click.option("--kind", type=click.Choice(KINDS), default="transform", show_default=True)
@click.option(
    "--in", "parent", type=click.Path(path_type=Path, file_okay=False), default=Path(),
    help="Make its folder in this one [default: here].",
)  # fmt: skip
def new(name: str, kind: str, parent: Path) -> None:
    """Write a plug-in to start from: a distribution NAME with code, tests and a CI file."""
    for offer in find_plugins().offers:
        if (offer.kind, offer.component.name) == (kind, name):
            raise FerryError(
                f"there is a {kind} '{name}' already, from {offer.plugin}",
                hint="put the name of your site before it",
            )
    say(str(path) for path in write_scaffold(kind, name, parent))
    click.echo(f"try it with: dicomferry plugins try {parent / name}")
