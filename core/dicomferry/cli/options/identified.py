"""How a verb without a recipe identifies: by a file of the user's, or as XNAT does by default."""

from __future__ import annotations

from pathlib import Path

import click
from msgspec import Struct

from dicomferry.cli.options.common import find_plugins
from dicomferry.contract.context import Context
from dicomferry.contract.identifier import Identifier


class Identified(Struct, frozen=True):
    """An identifier, its options as declared, and the context that it was built in."""

    identifier: Identifier
    options: object
    context: Context


def identified_by(file: Path | None) -> Identified:
    """Build the identifier of a file with one `identification:` mapping; None is XNAT's default.

    The context has no recipe: it resolves secrets and knows no servers. Faults of the rules are
    printed as warnings. Raises `FerryError` for a faulty file.
    """
    from dicomferry.engine.pipeline.context import LooseContext
    from dicomferry.recipe.load import load_identification

    plugins = find_plugins()
    context = LooseContext(Path.cwd(), plugins)
    if file is None:
        return Identified(context.identifier(), None, context)
    declared, faults = load_identification(file, plugins.components)
    for fault in faults:
        click.echo(f"warning: {fault}", err=True)
    return Identified(context.identifier_of(declared), declared.options, context)
