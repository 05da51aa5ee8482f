"""What is installed, by kind and name: the vocabulary a recipe may use."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from dicomferry.contract.component import AnyComponent, AnyServerKind
from dicomferry.recipe.servers import XNAT


class Components(Struct, frozen=True):
    """The components that plug-ins offer; each mapping goes from name to component."""

    sources: Mapping[str, AnyComponent] = {}
    transforms: Mapping[str, AnyComponent] = {}
    sinks: Mapping[str, AnyComponent] = {}
    identifiers: Mapping[str, AnyComponent] = {}
    servers: Mapping[str, AnyServerKind] = {}
    fetchers: Mapping[str, AnyComponent] = {}
    installable: Mapping[str, str] = {}
    """Names of plug-ins that lack an extra, to the command that installs it."""

    def server_kinds(self) -> Mapping[str, AnyServerKind]:
        """Return the kinds of server by name, sorted: those offered, and an XNAT."""
        return dict(sorted({**self.servers, XNAT.name: XNAT}.items()))

    def by_section(self) -> Mapping[str, Mapping[str, AnyComponent]]:
        """Return the kinds a recipe lists, by the section that lists them."""
        return {"sources": self.sources, "transforms": self.transforms, "sinks": self.sinks}

    def by_kind(self) -> Mapping[str, Mapping[str, AnyComponent]]:
        """Return every kind by its name in the singular."""
        return {
            "source": self.sources,
            "transform": self.transforms,
            "sink": self.sinks,
            "identifier": self.identifiers,
        }
