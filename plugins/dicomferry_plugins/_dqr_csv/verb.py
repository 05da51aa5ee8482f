"""The verb `csv explain`: what a DQR file asks for, without asking anyone."""

from __future__ import annotations

import json
from pathlib import Path

import click
import msgspec

from dicomferry import FerryError
from dicomferry.options import format_option, say


@click.group("csv")
def command() -> None:
    """Look at files for XNAT's DQR bulk import."""


@command.command("explain")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--encoding", default="", help="How the text is encoded [default: found out].")
@format_option
def explain(file: Path, encoding: str, form: str) -> int:
    """Show what each row of FILE asks for and relabels, and all that is wrong. Nobody is asked."""
    try:
        data = file.read_bytes()
    except OSError as error:
        raise FerryError(
            f"{file}: cannot be read: {error.strerror}", hint="check the path"
        ) from None
    # Every verb loads this module: only this one needs the reading.
    from dicomferry_plugins._dqr_csv.explanation import explained, lines
    from dicomferry_plugins._dqr_csv.reading import read_dqr_csv

    table = read_dqr_csv(data, file.name, encoding)
    if form == "json":
        click.echo(json.dumps(msgspec.to_builtins(explained(table)), indent=2))
    else:
        say(lines(table))
    return 2 if table.errors else 0
