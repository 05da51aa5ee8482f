"""`dicomferry plugins`."""

from __future__ import annotations

import json
from collections.abc import Iterator

import click

from dicomferry.cli.common import find_plugins, format_option
from dicomferry.cli.plugins_new import new
from dicomferry.cli.plugins_try import try_it
from dicomferry.cli.text import columns, say
from dicomferry.errors import FerryError
from dicomferry.host import Offer, Plugin, Plugins


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


def _offered(plugin: Plugin, plugins: Plugins) -> str:
    names = [f"{o.kind} {o.component.name}" for o in plugins.offers if o.plugin == plugin.name]
    return ", ".join(names)


def _json(plugin: Plugin, plugins: Plugins) -> dict[str, object]:
    return {
        "name": plugin.name,
        "module": plugin.module,
        "distribution": plugin.distribution,
        "version": plugin.version,
        "state": str(plugin.state),
        "reason": plugin.reason,
        "components": [
            {"kind": o.kind, "name": o.component.name}
            for o in plugins.offers
            if o.plugin == plugin.name
        ],
    }


def _offer_json(offer: Offer) -> dict[str, object]:
    from dicomferry.recipe.schema import component_schema

    return {
        "kind": offer.kind,
        "name": offer.component.name,
        "plugin": offer.plugin,
        "summary": offer.component.summary,
        "schema": component_schema(offer.component),
    }


def _offer_lines(offer: Offer) -> Iterator[str]:
    from dicomferry.recipe.schema import component_schema

    yield f"{offer.kind} {offer.component.name} (from {offer.plugin}): {offer.component.summary}"
    whole = component_schema(offer.component)
    schema = whole["$defs"][whole["$ref"].removeprefix("#/$defs/")]
    required = schema.get("required", [])
    rows = [
        [
            name,
            "required" if name in required else f"default {json.dumps(field.get('default'))}",
            str(field.get("description", "")),
        ]
        for name, field in schema.get("properties", {}).items()
    ]
    yield from columns(rows)


command.add_command(new)
command.add_command(try_it)
