"""`dicomferry plugins try`."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

import click

from dicomferry.cli.options.common import find_plugins, format_option, set_option, state_option
from dicomferry.cli.views.plugin_view import show_plugin
from dicomferry.errors import FerryError
from dicomferry.host import Plugin, PluginState
from dicomferry.host.working_copy import WorkingCopy, borrowed, find_working_copy


@click.command("try")
@click.argument("path", type=click.Path(path_type=Path))
@click.option(
    "--recipe", type=click.Path(path_type=Path, dir_okay=False), help="Plan this recipe with it."
)
@click.option("--run", "run_it", is_flag=True, help="Run the recipe instead of planning it.")
@set_option
@state_option
@format_option
@click.pass_context
def try_it(
    context: click.Context,
    path: Path,
    recipe: Path | None,
    run_it: bool,
    overrides: Mapping[str, str],
    state: Path | None,
    form: str,
) -> int:
    """Use the plug-in at PATH without installing it: a module, or the folder of its distribution.

    Where the same plug-in is installed, this one takes its place. A plan leaves no trace; with
    --run the recipe's own ledger is used, as `dicomferry run` does.
    """
    if recipe is None and (run_it or state):
        raise click.UsageError("--run and --state need a --recipe")
    copy = find_working_copy(path)
    with borrowed(copy):
        _refuse_inactive(copy)
        if recipe is None:
            for name in sorted(copy.entry_points):
                show_plugin(name, form, find_plugins())
            return 0
        common = {"recipe": recipe, "overrides": overrides, "form": form}
        if run_it:
            from dicomferry.cli.run import command as run

            return int(
                context.invoke(run, state=state, dry_run=False, limit=None, locked=False, **common)
            )
        from dicomferry.cli.plan import command as plan

        with tempfile.TemporaryDirectory(prefix="dicomferry-try-") as scratch:
            folder = state or Path(scratch)
            return int(context.invoke(plan, state=folder, output=None, diff=None, **common))


def _refuse_inactive(copy: WorkingCopy) -> None:
    found = {plugin.name: plugin for plugin in find_plugins().plugins}
    for name in copy.entry_points:
        plugin: Plugin | None = found.get(name)
        if plugin is None or plugin.state is not PluginState.ACTIVE:
            reason = f"{plugin.state}: {plugin.reason}" if plugin else "it was not found"
            raise FerryError(f"{copy.path}: the plug-in '{name}' is not active: {reason}")
