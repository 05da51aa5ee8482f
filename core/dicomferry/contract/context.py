"""What the engine hands a component that is being built."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol, TypeVar

from dicomferry.contract.answers import Answers
from dicomferry.contract.dicom_node import DicomNode
from dicomferry.contract.fetcher import Manners
from dicomferry.contract.identifier import Identifier
from dicomferry.peer import Peer

ServerT = TypeVar("ServerT")


class Context(Protocol):
    """What the engine gives to `Component.build`."""

    folder: Path
    """The recipe's folder; relative paths of the recipe start here (see `path`)."""

    recipe_name: str

    def path(self, text: str) -> Path:
        """Return `text` as an absolute path; a relative path starts at the recipe's folder."""

    def server(self, name: str, kind: type[ServerT]) -> ServerT:
        """Return a server of the recipe; raises `FerryError` for another name or another kind."""

    def peer(self, node: DicomNode) -> Peer:
        """Return the application entity that a declared server stands for."""

    def identifier(self, server: str | None = None) -> Identifier:
        """Return the identifier of a server; without a name, that of the recipe's only XNAT."""

    def answers(self, server: str, manners: Manners, valid: float) -> Answers:
        """Return what a server has answered to sources, by its name in the recipe.

        An answer is valid for so many seconds; with 0 nothing is kept. Of the manners the hours
        and the requests per minute are kept to.
        """

    def secret(self, reference: str) -> str:
        """Resolve `${env:X}`, `${file:PATH}`, …; return any other text unchanged."""
