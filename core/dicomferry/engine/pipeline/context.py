"""What a component is handed when it is built: the recipe's surroundings."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import TypeVar

from dicomferry.contract.answers import Answers
from dicomferry.contract.component import AnyServerKind
from dicomferry.contract.dicom_node import DicomNode
from dicomferry.contract.fetcher import Fetcher, Manners
from dicomferry.contract.identifier import Identifier
from dicomferry.errors import FerryError
from dicomferry.host import Plugins
from dicomferry.peer import Peer, Timeouts, Tls
from dicomferry.recipe.recipe import Recipe
from dicomferry.recipe.secrets import parse_reference
from dicomferry.recipe.servers import DEFAULT_IDENTIFIER, IdentifiedBy, XnatServer

ServerT = TypeVar("ServerT")

AnswersOf = Callable[[str, Manners, float], Answers]
"""Returns the answers of a server by its name, its manners, and for how long they are valid."""


class ForgottenAnswers:
    """Implements `Answers` where no ledger is: nothing is kept, and nobody has to wait."""

    def kept(self, question: str) -> bytes | None:
        """Return None."""

    def keep(self, question: str, answer: bytes, studies: Collection[str] = ()) -> None:
        """Keep nothing."""

    def forget(self, study_instance_uid: str) -> None:
        """Have nothing to forget."""

    def turn(self) -> None:
        """Let it be asked."""


class LooseContext:
    """Implements `Context` without a recipe: no servers, XNAT's own defaults."""

    def __init__(
        self,
        folder: Path,
        plugins: Plugins,
        recipe_name: str = "",
        servers: Mapping[str, object] | None = None,
        answers: AnswersOf | None = None,
    ) -> None:
        self.folder = folder
        self.recipe_name = recipe_name
        self._plugins = plugins
        self._servers = servers or {}
        self._answers = answers

    def path(self, text: str) -> Path:
        """Return `text` as an absolute path."""
        return Path(os.path.abspath(self.folder / Path(text).expanduser()))  # noqa: PTH100  no `..`

    def server(self, name: str, kind: type[ServerT]) -> ServerT:
        """Return a server of the recipe."""
        found = self._servers.get(name)
        if isinstance(found, kind):
            return found
        known = ", ".join(sorted(self._servers)) or "none"
        what = "is of another kind" if found is not None else "is not declared"
        raise FerryError(
            f"server '{name}' {what}", hint=f"declare it under servers: (there: {known})"
        )

    def kind_of(self, server: object) -> AnyServerKind | None:
        """Return the kind that a declared server is of; None where no plug-in offers it."""
        kinds = self._plugins.components.server_kinds().values()
        return next((kind for kind in kinds if type(server) is kind.options), None)

    def peer(self, node: DicomNode) -> Peer:
        """Return the application entity to associate with."""
        timeouts = Timeouts(node.connect_timeout, node.timeout, node.timeout)
        tls = None
        if node.tls is not None:
            files = (node.tls.ca, node.tls.certificate, node.tls.key)
            ca, certificate, key = (str(self.path(file)) if file else "" for file in files)
            tls = Tls(ca, certificate, key, check_host_name=node.tls.check_host_name)
        return Peer(node.host, node.port, node.ae_title, node.calling_ae_title, timeouts, tls)

    def identifier(self, server: str | None = None) -> Identifier:
        """Return how a server identifies."""
        if server:
            return self.identifier_of(self.server(server, XnatServer).identification)
        xnats = {n: s for n, s in self._servers.items() if isinstance(s, XnatServer)}
        if len(xnats) > 1:
            raise FerryError(
                f"the recipe has several XNAT servers: {', '.join(sorted(xnats))}",
                hint="say which one with server:",
            )
        return self.identifier_of(next((s.identification for s in xnats.values()), None))

    def identifier_of(self, identification: IdentifiedBy | None) -> Identifier:
        """Build an identifier from its declaration; without one, XNAT's default."""
        name = identification.identifier if identification else DEFAULT_IDENTIFIER
        component = self._plugins.components.identifiers.get(name)
        if component is None:
            raise FerryError(
                f"no plug-in offers the identifier '{name}'", hint="see `dicomferry plugins`"
            )
        options = identification.options if identification else component.options()
        identifier: Identifier = component.build(options, self)
        return identifier

    def fetcher(self, name: str, server: str) -> Fetcher:
        """Build a fetcher for a server of the recipe; raises `FerryError` where there is none."""
        component = self._plugins.components.fetchers.get(name)
        if component is None:
            raise FerryError(
                f"no plug-in offers the fetcher '{name}', by which instances come from '{server}'",
                hint="install the plug-in that found them; `dicomferry plugins` lists those here",
            )
        built: Fetcher = component.build(self.server(server, component.options), self)
        return built

    def answers(self, server: str, manners: Manners, valid: float) -> Answers:
        """Return what a server has answered to sources."""
        return self._answers(server, manners, valid) if self._answers else ForgottenAnswers()

    def secret(self, reference: str) -> str:
        """Resolve a secret reference; other text is returned as it is."""
        parsed = parse_reference(reference)
        if parsed is None:
            return reference
        resolved = self._plugins.secret(parsed.scheme, parsed.reference)
        if resolved is None:
            raise FerryError(
                f"no plug-in resolves secrets of the kind '{parsed.scheme}'",
                hint="known are env, file and netrc, unless a plug-in adds more",
            )
        return resolved


class BuildContext(LooseContext):
    """Implements `Context` for one recipe."""

    def __init__(self, recipe: Recipe, plugins: Plugins, answers: AnswersOf | None = None) -> None:
        super().__init__(recipe.folder, plugins, recipe.name, recipe.servers, answers)
