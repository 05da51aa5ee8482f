"""`dicomferry schema`."""

from __future__ import annotations

from pathlib import Path

import click

from dicomferry.cli.options.common import find_plugins


@click.command("schema")
@click.option("--with-keywords", is_flag=True, help="Know DICOM's keywords too, for completion.")
@click.option("--layer", is_flag=True, help="Print the schema of recipes that extend others.")
@click.option(
    "--write", type=click.Path(path_type=Path, file_okay=False),
    help="Write the recipe's schema and one for each component into this folder instead.",
)  # fmt: skip
def command(with_keywords: bool, layer: bool, write: Path | None) -> None:
    """Print the JSON Schema (2020-12) of recipes, for the plug-ins that are installed here."""
    from dicomferry.recipe import editor
    from dicomferry.recipe.schema import recipe_schema, schema_text, write_schemas

    components = find_plugins().components
    if write is not None:
        for path in write_schemas(write, components):
            click.echo(path)
        return
    schema = editor.layer_schema(components) if layer else recipe_schema(components)
    if with_keywords:
        schema = editor.with_keywords(schema)
    click.echo(schema_text(schema), nl=False)
