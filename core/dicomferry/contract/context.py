"""What the engine hands a component that is being built."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol, TypeVar

from dicomferry.contract.dicom_node import DicomNode
from dicomferry.contract.identifier import Identifier
from dicomferry.peer import Peer

ServerT = TypeVar("ServerT")


class Context(Protocol):
    """What the engine hands a component that is being built."""

    folder: Path
    """The recipe's folder; relative paths start here (see `path`)."""

    recipe_name: str

    def path(self, text: str) -> Path:
        """Return `text` as an absolute path, relative ones counted from the recipe's folder."""
        ...

    def server(self, name: str, kind: type[ServerT]) -> ServerT:
        """Return a server of the recipe; `FerryError` for an unknown name or another kind."""
        ...

    def peer(self, node: DicomNode) -> Peer:
        """Return the application entity to associate with, as a server declares it."""
        ...

    def identifier(self, server: str | None = None) -> Identifier:
        """Return how a server identifies; without a name, the one XNAT the recipe has."""
        ...

    def secret(self, reference: str) -> str:
        """Resolve `${env:X}`, `${file:PATH}`, …; other text is returned as it is."""
        ...
