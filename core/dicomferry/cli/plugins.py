"""`dicomferry plugins`."""

from __future__ import annotations

import json

import click

from dicomferry.cli.options.common import find_plugins, format_option
from dicomferry.cli.plugins_new import new
from dicomferry.cli.plugins_try import try_it
from dicomferry.cli.views.plugin_view import _json, _offer_json, _offer_lines, _offered
from dicomferry.cli.views.text import columns, say
from dicomferry.errors import FerryError


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
    plugins = find_plugins()
    if form == "json":
        click.echo(json.dumps([_json(plugin, plugins) for plugin in plugins.plugins], indent=2))
        return
    rows = [
        [p.name, p.state, f"{p.distribution} {p.version}", p.reason or _offered(p, plugins)]
        for p in plugins.plugins
    ]
    say(columns(rows, indent=""))


@command.command("show")
@click.argument("name")
@format_option
def show(name: str, form: str) -> None:
    """Show a plug-in, or a component and its options, by NAME."""
    plugins = find_plugins()
    plugin = next((p for p in plugins.plugins if p.name == name), None)
    offers = [o for o in plugins.offers if name in (o.component.name, o.plugin)]
    if plugin is None and not offers:
        known = sorted(
            {p.name for p in plugins.plugins} | {o.component.name for o in plugins.offers}
        )
        raise FerryError(
            f"no plug-in and no component is called '{name}'", hint=f"there are {', '.join(known)}"
        )
    if form == "json":
        click.echo(json.dumps([_offer_json(offer) for offer in offers], indent=2))
        return
    if plugin is not None:
        say([f"{plugin.name}: {plugin.state} ({plugin.distribution} {plugin.version})"])
        say([f"  {plugin.reason}"] if plugin.reason else [])
    for offer in offers:
        say(_offer_lines(offer))


command.add_command(new)
command.add_command(try_it)
