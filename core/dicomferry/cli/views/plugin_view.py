"""What the verbs below `plugins` print of plug-ins, and of what these offer."""

from __future__ import annotations

import json
from collections.abc import Iterator

from dicomferry.cli.views.text import columns, say, show_json
from dicomferry.contract.component import AnyComponent, AnyServerKind
from dicomferry.contract.importer import Importer
from dicomferry.contract.stand_in import StandInKind
from dicomferry.errors import FerryError
from dicomferry.host import Offer, Plugins
from dicomferry.reports.plugins import PluginRecord, offer_record


def show_plugin(name: str, form: str, plugins: Plugins) -> None:
    """Print a plug-in and its offers, or a component; raises `FerryError` for an unknown name."""
    plugin = next((p for p in plugins.plugins if p.name == name), None)
    offers = [o for o in plugins.offers if name in (o.component.name, o.plugin)]
    if plugin is None and not offers:
        known = {p.name for p in plugins.plugins} | {o.component.name for o in plugins.offers}
        raise FerryError(
            f"no plug-in and no component is called '{name}'",
            hint=f"there are {', '.join(sorted(known))}",
        )
    if form == "json":
        show_json([offer_record(offer) for offer in offers])
        return
    if plugin is not None:
        say([f"{plugin.name}: {plugin.state} ({plugin.distribution} {plugin.version})"])
        say([f"  {plugin.reason}"] if plugin.reason else [])
    for offer in offers:
        say(_offer_lines(offer))
    for verb, offered in plugins.verbs(()).items():
        if offered.plugin == name:
            say([f"verb {verb}: {offered.command.get_short_help_str(100)}"])


def plugin_row(plugin: PluginRecord) -> list[str]:
    """Return a plug-in's name, state, origin, and why it is not active or else what it offers."""
    offered = ", ".join(f"{offer.kind} {offer.name}" for offer in plugin.components)
    origin = f"{plugin.distribution} {plugin.version}"
    return [plugin.name, plugin.state, origin, plugin.reason or offered]


def _offer_lines(offer: Offer) -> Iterator[str]:
    component = offer.component
    yield f"{offer.kind} {component.name} (from {offer.plugin}): {component.summary}"
    if not isinstance(component, Importer | StandInKind):
        yield from columns(_option_rows(component))
        if component.example:
            yield "  in a recipe:"
            yield from (f"    {line}" for line in component.example.splitlines())


def _option_rows(component: AnyComponent | AnyServerKind) -> list[list[str]]:
    from dicomferry.recipe.schema import option_schemas, required_options

    required = required_options(component)
    return [
        [
            name,
            "required" if name in required else f"default {json.dumps(field.get('default'))}",
            str(field.get("description", "")),
        ]
        for name, field in option_schemas(component).items()
    ]
