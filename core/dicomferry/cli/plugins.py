"""`dicomferry plugins`."""

from __future__ import annotations

import click

from dicomferry.cli import VERBS
from dicomferry.cli.options.common import find_plugins, format_option
from dicomferry.cli.plugins_new import new
from dicomferry.cli.plugins_try import try_it
from dicomferry.cli.views.plugin_view import plugin_row, show_plugin
from dicomferry.cli.views.text import columns, say, show_json
from dicomferry.host import Plugins
from dicomferry.reports.plugins import plugin_record


@click.group("plugins", invoke_without_command=True)
@click.pass_context
def command(context: click.Context) -> None:
    """Show the installed plug-ins, their states, and what they offer."""
    if context.invoked_subcommand is None:
        context.invoke(list_plugins, form="text")


@command.command("list")
@format_option
def list_plugins(form: str) -> None:
    """List every plug-in with its state and, unless active, the reason."""
    plugins = _checked()
    records = [plugin_record(plugin, plugins) for plugin in plugins.plugins]
    if form == "json":
        show_json(records)
    else:
        say(columns([plugin_row(record) for record in records], indent=""))


@command.command("show")
@click.argument("name")
@format_option
def show(name: str, form: str) -> None:
    """Show a plug-in, or a component with its options and an example, by NAME."""
    show_plugin(name, form, _checked())


def _checked() -> Plugins:
    """Load the plug-ins; raises `FerryError` where one brings a verb that there is already."""
    plugins = find_plugins()
    plugins.verbs(VERBS)
    return plugins


command.add_command(new)
command.add_command(try_it)
