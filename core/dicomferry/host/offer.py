"""What plug-ins offer, each with the plug-in it comes from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from dicomferry.contract.component import AnyComponent, AnyServerKind
from dicomferry.contract.importer import Importer
from dicomferry.contract.stand_in import StandInKind
from dicomferry.errors import FerryError
from dicomferry.recipe.servers import XNAT

if TYPE_CHECKING:
    import click

ITSELF: Final = "dicomferry itself"

KINDS: Final[Mapping[str, str]] = {
    "source": "dicomferry_sources",
    "transform": "dicomferry_transforms",
    "sink": "dicomferry_sinks",
    "identifier": "dicomferry_identifiers",
    "server": "dicomferry_servers",
    "fetcher": "dicomferry_fetchers",
    "executor": "dicomferry_executors",
    "importer": "dicomferry_importers",
    "stand-in": "dicomferry_stand_ins",
}
"""The hook that asks for each kind of offer."""


class Offer(Struct, frozen=True):
    """A component, a kind of server, an importer or a stand-in, and the plug-in that offers it."""

    kind: str
    component: AnyComponent | AnyServerKind | Importer | StandInKind
    plugin: str


class OfferedVerb(Struct, frozen=True):
    """A verb of the command line, and the plug-in that offers it."""

    command: click.Command
    plugin: str


def refuse_namesakes(offers: Sequence[Offer]) -> None:
    """Raise `FerryError` where two offers of one kind have one name."""
    seen = {("server", XNAT.name): ITSELF}
    for offer in offers:
        key = (offer.kind, offer.component.name)
        refuse_namesake(*key, seen.get(key), offer.plugin)
        seen[key] = offer.plugin


def refuse_namesake(kind: str, name: str, first: str | None, second: str) -> None:
    """Raise `FerryError` where `first` offers already what `second` offers under the same name."""
    if first is not None:
        raise FerryError(
            f"two plug-ins offer a {kind} called '{name}': {first} and {second}",
            hint="uninstall one of them, or block it with DICOMFERRY_BLOCK_PLUGINS",
        )
