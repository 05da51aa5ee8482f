"""A DICOMweb server among the servers of a recipe."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import Meta, Struct

from dicomferry import FerryError
from dicomferry.contract import Manners
from dicomferry.options import Seconds, Secret, hours_faults
from dicomferry_plugins._dicomweb.site import WebSite

if TYPE_CHECKING:
    from dicomferry import Context


class DicomWebServer(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A DICOMweb server to search, retrieve from and store in."""

    url: Annotated[
        str,
        Meta(
            pattern=r"^https?://[^\s@]+$",
            description="What comes before `/studies`, without a login in it.",
        ),
    ]
    login: Annotated[
        Secret, Meta(description="A reference to `user:password`, as `${netrc:pacs.example.org}`.")
    ] = ""
    token: Annotated[Secret, Meta(description="A reference to a bearer token.")] = ""
    ca: Annotated[str, Meta(description="Certificates that vouch for the server (PEM).")] = ""
    certificate: Annotated[str, Meta(description="Our own certificate (PEM).")] = ""
    key: Annotated[str, Meta(description="The key of our own certificate (PEM).")] = ""
    connections: Annotated[
        int, Meta(ge=1, le=64, description="Studies that are retrieved, or sessions sent, at once.")
    ] = 4
    batch: Annotated[
        int,
        Meta(
            ge=0,
            le=1000,
            description="Studies that are outstanding at most: asked for, and not yet brought to"
            " every sink. 0 for as many as the spool holds.",
        ),
    ] = 0
    requests_per_minute: Annotated[
        int, Meta(ge=0, le=6000, description="Searches and retrievals at most; 0 for any number.")
    ] = 0
    hours: Annotated[
        dict[str, str],
        Meta(description='When it may be asked: `{mon-fri: "19:00-06:00", sat-sun: all}`.'),
    ] = {}
    keep_answers: Annotated[
        float,
        Meta(
            ge=0,
            le=8784,
            description="Hours for which answers to QIDO-RS are kept: until then only what is new"
            " is asked for. 0 asks for everything each time.",
        ),
    ] = 24
    paging: Annotated[
        Literal["auto", "whole"],
        Meta(
            description="`whole` for a server that ignores `offset` and is known to give all of an"
            " answer at once."
        ),
    ] = "auto"
    accept: Annotated[
        list[Literal["other-patient-id"]],
        Meta(description="What may differ between an instance and what the server told of it."),
    ] = []
    connect_timeout: Annotated[Seconds, Meta(description="Seconds to reach the server.")] = 10
    timeout: Annotated[Seconds, Meta(description="Seconds without an answer.")] = 60

    @property
    def manners(self) -> Manners:
        """The limits of requests."""
        return Manners(
            self.connections,
            self.requests_per_minute,
            self.batch,
            self.hours,
            accepts=tuple(self.accept),
        )

    @property
    def answers_valid(self) -> float:
        """For how many seconds answers are kept."""
        return self.keep_answers * 3600

    def faults(self) -> Iterable[tuple[tuple[str, ...], str]]:
        """Say what is wrong with the hours, the login and the certificate."""
        for path, message in hours_faults(self.hours):
            yield ("hours", *path), message
        if self.login and self.token:
            yield ("token",), "a server has a login or a token, not both"
        if bool(self.certificate) != bool(self.key):
            missing = "key" if self.certificate else "certificate"
            yield (missing,), f"certificate and key belong together; {missing} is missing"


def site_of(server: DicomWebServer, context: Context) -> WebSite:
    """Return how a server is asked; resolves its secrets. Raises `FerryError` for one of no use."""
    login = context.secret(server.login) if server.login else ""
    user, colon, _ = login.partition(":")
    if login and not (user and colon):
        raise FerryError(
            f"the login {server.login} does not resolve to user:password",
            hint="a netrc entry, or a variable or file with user:password, does",
        )
    return WebSite(
        server.url.rstrip("/"),
        login,
        context.secret(server.token) if server.token else "",
        _file(server.ca, "ca", context),
        _file(server.certificate, "certificate", context),
        _file(server.key, "key", context),
        server.connect_timeout,
        server.timeout,
    )


def _file(name: str, option: str, context: Context) -> str:
    path = context.path(name) if name else Path()
    if name and not path.is_file():
        raise FerryError(f"{path}: there is no such file", hint=f"{option}: names a file in PEM")
    return str(path) if name else ""
