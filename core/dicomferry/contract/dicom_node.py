"""A server's DICOM side, as a recipe declares it."""

from __future__ import annotations

from typing import Protocol


class DeclaredFiles(Protocol):
    """The PEM files for TLS, as a recipe names them; a file that is not needed is empty."""

    @property
    def ca(self) -> str:
        """The certificates of the authorities that sign the server's certificate."""

    @property
    def certificate(self) -> str:
        """The certificate of this side."""

    @property
    def key(self) -> str:
        """The key of this side's certificate."""

    @property
    def check_host_name(self) -> bool:
        """Whether the server's certificate must name its host."""


class DicomNode(Protocol):
    """A server's DICOM side as a recipe declares it: `XnatDicom`, or one of yours.

    Timeouts are in seconds.
    """

    @property
    def host(self) -> str:
        """The host name or address of the server."""

    @property
    def port(self) -> int:
        """The TCP port of the server."""

    @property
    def ae_title(self) -> str:
        """The AE title of the server."""

    @property
    def calling_ae_title(self) -> str:
        """The AE title of this side."""

    @property
    def connect_timeout(self) -> float:
        """The longest time to connect."""

    @property
    def timeout(self) -> float:
        """The longest time to wait for an answer."""

    @property
    def tls(self) -> DeclaredFiles | None:
        """The files for TLS; None for an association without TLS."""
