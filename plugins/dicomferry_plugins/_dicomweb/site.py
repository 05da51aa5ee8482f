"""Where a DICOMweb server is, and what goes wrong on the way to it."""

from __future__ import annotations

from urllib.parse import urlsplit

from msgspec import Struct

from dicomferry import FerryError


class WebSite(Struct, frozen=True):
    """The URL of a DICOMweb server, what it is asked with, and the time limits in seconds.

    `login` is `user:password` and `token` a bearer token; either may be empty. `ca`, `certificate`
    and `key` are PEM files; without `ca`, the system's authorities vouch for the server.
    """

    url: str
    login: str = ""
    token: str = ""
    ca: str = ""
    certificate: str = ""
    key: str = ""
    connect_timeout: float = 10.0
    timeout: float = 60.0

    def __repr__(self) -> str:
        return f"WebSite({self.url!r})"

    @property
    def host(self) -> str:
        """Return the host's name and port, for messages."""
        return urlsplit(self.url).netloc


class SilentError(FerryError):
    """No answer, or one that was cut: nobody knows what the server did with the request.

    `reached` says that a connection stood.
    """

    def __init__(self, message: str, *, hint: str = "", reached: bool = False) -> None:
        self.reached = reached
        super().__init__(message, hint=hint)


class DeniedError(FerryError):
    """The server refuses the login."""


class StatusError(FerryError):
    """An answer with a status that is no success."""

    def __init__(self, message: str, status: int, *, hint: str = "") -> None:
        self.status = status
        super().__init__(message, hint=hint)
