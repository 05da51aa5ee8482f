"""A server's DICOM side, as a recipe declares it."""

from __future__ import annotations

from typing import Protocol


class DeclaredFiles(Protocol):
    """The files that encrypt an association, as a recipe names them; empty for one not needed."""

    @property
    def ca(self) -> str:
        """The certificates that vouch for the server."""
        ...

    @property
    def certificate(self) -> str:
        """Our own certificate."""
        ...

    @property
    def key(self) -> str:
        """The key of our own certificate."""
        ...


class DicomNode(Protocol):
    """A server's DICOM side as a recipe declares it: `PacsServer`, `XnatDicom`, or one of yours.

    Timeouts are in seconds.
    """

    @property
    def host(self) -> str:
        """Its name or address."""
        ...

    @property
    def port(self) -> int:
        """Where it listens."""
        ...

    @property
    def ae_title(self) -> str:
        """What it is called."""
        ...

    @property
    def calling_ae_title(self) -> str:
        """What this side is called."""
        ...

    @property
    def connect_timeout(self) -> float:
        """How long it may take to be reached."""
        ...

    @property
    def timeout(self) -> float:
        """How long it may take to answer."""
        ...

    @property
    def tls(self) -> DeclaredFiles | None:
        """How the association is encrypted; None where it is not."""
        ...
