"""The installed plug-ins, and what they offer."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import UNSET, Struct, UnsetType

from dicomferry.contract.importer import Importer
from dicomferry.contract.stand_in import StandInKind
from dicomferry.host import Offer, Plugin, Plugins, PluginState
from dicomferry.recipe.schema import Schema, component_schema


class OfferedName(Struct, frozen=True):
    """The kind and the name of one thing that a plug-in offers."""

    kind: str
    name: str


class PluginRecord(Struct, frozen=True):
    """One installed plug-in; `reason` says why it is not active, `components` what it offers."""

    name: str
    module: str
    distribution: str
    version: str
    state: PluginState
    reason: str
    components: tuple[OfferedName, ...]


class OfferRecord(Struct, frozen=True):
    """One offer of a plug-in; an importer and a stand-in have no schema and no example."""

    kind: str
    name: str
    plugin: str
    summary: str
    schema: Schema | UnsetType = UNSET
    example: str | UnsetType = UNSET


def plugin_record(plugin: Plugin, plugins: Plugins) -> PluginRecord:
    """Return one of the `plugins` as a record, its verbs behind its other offers."""
    return PluginRecord(
        plugin.name, plugin.module, plugin.distribution, plugin.version, plugin.state,
        plugin.reason, tuple(_offered(plugin, plugins)),
    )  # fmt: skip


def offer_record(offer: Offer) -> OfferRecord:
    """Return an offer as a record."""
    component = offer.component
    names = (offer.kind, component.name, offer.plugin, component.summary)
    if isinstance(component, Importer | StandInKind):
        return OfferRecord(*names)
    return OfferRecord(*names, component_schema(component), component.example)


def _offered(plugin: Plugin, plugins: Plugins) -> Iterator[OfferedName]:
    for offer in plugins.offers:
        if offer.plugin == plugin.name:
            yield OfferedName(offer.kind, offer.component.name)
    for verb, offered in plugins.verbs(()).items():
        if offered.plugin == plugin.name:
            yield OfferedName("verb", verb)
