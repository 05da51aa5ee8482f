"""`dicomferry init`."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import click
from msgspec import Struct
from msgspec.structs import replace

from dicomferry.cli.options.common import find_plugins
from dicomferry.cli.views.text import count
from dicomferry.contract.component import AnyComponent
from dicomferry.errors import FerryError
from dicomferry.host import Plugins
from dicomferry.recipe.components import Components
from dicomferry.recipe.starter import (
    ARCHIVE,
    SCHEMA_FILE,
    SCHEMA_LINE,
    SESSION,
    SUBJECT,
    Starter,
    default_of,
    takes,
    with_example,
)
from dicomferry.recipe.yaml.rewriting import write_text

_PROJECT = "project"


@click.command("init")
@click.argument("recipe", type=click.Path(path_type=Path, dir_okay=False), default="recipe.yaml")
@click.option("--source", metavar="NAME", help="Where the instances come from.")
@click.option("--sink", metavar="NAME", help="Where they go.")
@click.option("--project", metavar="ID", help="The XNAT project they go to.")
@click.option(
    "--from", "folder", type=click.Path(path_type=Path),
    help="Look at this folder, and propose how to identify what is in it.",
)  # fmt: skip
@click.option(
    "--from-commands", "script", type=click.Path(path_type=Path, dir_okay=False),
    help="Write the recipe that does what a script of find, dcmodify and storescu does.",
)  # fmt: skip
def command(
    recipe: Path,
    source: str | None,
    sink: str | None,
    project: str | None,
    folder: Path | None,
    script: Path | None,
) -> int:
    """Write a recipe to start from into RECIPE, with a test and, beside it, its schema.

    On a terminal it asks for what no option says.
    """
    if recipe.exists():
        raise FerryError(f"{recipe}: is there already", hint="give the new recipe another name")
    plugins = find_plugins()
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", recipe.stem).strip("-._")[:64] or "recipe"
    if script is not None:
        if source or sink or folder or project:
            raise FerryError("--from-commands takes everything from the script: give it alone")
        return _from_commands(script, recipe, name, plugins)
    components = plugins.components
    if folder is not None:
        source = source or default_of(components.sources, ARCHIVE)
    starter = _starter(name, source, sink, project, components)
    if folder is not None:
        starter = _proposed(starter, folder, project)
    _write(recipe, starter.text(components), plugins)
    click.echo(f"next: edit it, then `dicomferry test {recipe}` and `dicomferry plan {recipe}`")
    return 0


def _starter(
    name: str, source: str | None, sink: str | None, project: str | None, components: Components
) -> Starter:
    """Return what the recipe is to be about, asking on a terminal for what no option says."""
    asking = sys.stdin.isatty() and sys.stdout.isatty()
    from_where = _Choice("source", "Where do they come from?", components.sources, ARCHIVE)
    to_where = _Choice("sink", "Where do they go?", components.sinks, _PROJECT)
    found_by = from_where.choose(source, asking)
    starter = Starter(
        name, found_by, to_where.choose(sink, asking),
        subject=found_by.labels.get("subject", SUBJECT),
        session=found_by.labels.get("session", SESSION),
    )  # fmt: skip
    if project is None and asking and takes(starter.sink, _PROJECT):
        project = click.prompt("The ID of the XNAT project?", starter.project)
    return replace(starter, project=project or starter.project)


class _Choice(Struct, frozen=True):
    """One of the installed components of a kind; by default one whose example has a `param`."""

    kind: str
    question: str
    offered: Mapping[str, AnyComponent]
    param: str

    def choose(self, name: str | None, asking: bool) -> AnyComponent:
        """Return the one called `name`, the one asked for, or the default."""
        known = with_example(self.offered)
        default = default_of(self.offered, self.param)
        if name is None and asking and known:
            name = click.prompt(self.question, default or None, type=click.Choice(known))
        name = name or default
        hint = f"there are {', '.join(known) or 'none'}"
        if not name:
            raise FerryError(f"say which {self.kind} with --{self.kind}", hint=hint)
        if name not in self.offered:
            raise FerryError(f"no plug-in offers the {self.kind} '{name}'", hint=hint)
        if name not in known:
            message = f"the {self.kind} '{name}' has no example to make a recipe of"
            raise FerryError(message, hint=hint)
        return self.offered[name]


def _proposed(starter: Starter, folder: Path, project: str | None) -> Starter:
    from dicomferry.engine.propose.proposal import project_of, propose
    from dicomferry.engine.propose.survey import survey
    from dicomferry.engine.workers.apart import apart
    from dicomferry.recipe.schema import option_schemas

    options = option_schemas(starter.source)
    if not takes(starter.source, ARCHIVE) or not {"archives", "parts"} <= options.keys():
        raise FerryError(f"--from looks at a folder, and the source is {starter.source.name}")
    (surveyed,) = apart(partial(survey, folder))
    proposal = propose(surveyed)
    return replace(
        starter,
        project=project or project_of(folder.resolve().name),
        archive=str(folder.resolve()),
        subject=proposal.subject,
        session=proposal.session,
        parts=proposal.parts,
        archives=proposal.archives,
        facts=proposal.facts,
    )


def _from_commands(script: Path, recipe: Path, name: str, plugins: Plugins) -> int:
    try:
        text = script.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError as error:
        raise FerryError(f"{script} cannot be read: {(error.strerror or '').lower()}") from error
    importers = plugins.importers
    found = (importer.translate(text, name) for importer in importers)
    translation = next((one for one in found if one is not None), None)
    if translation is None:
        known = "; ".join(importer.summary for importer in importers) or "none"
        raise FerryError(
            f"{script}: no command that can be imported is run in it (known: {known})",
            hint="`dicomferry init` without it writes a recipe to start from",
        )
    _write(recipe, f"{SCHEMA_LINE}\n{translation.text}", plugins)
    for fault in translation.faults:
        click.echo(f"{script}: {fault}", err=True)
    if translation.faults:
        click.echo(f"{count(len(translation.faults), 'thing')} not as in the script", err=True)
    return int(bool(translation.faults))


def _write(recipe: Path, text: str, plugins: Plugins) -> None:
    from dicomferry.recipe.editor import with_keywords
    from dicomferry.recipe.schema import recipe_schema, schema_text

    write_text(recipe, text)
    click.echo(f"{recipe}: written")
    schema = recipe.parent / SCHEMA_FILE
    if not schema.exists():
        write_text(schema, schema_text(with_keywords(recipe_schema(plugins.components))))
        click.echo(f"{schema}: written, for editors")
