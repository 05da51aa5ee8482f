"""A PACS among the servers of a recipe."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import Meta, Struct
from msgspec.structs import replace

from dicomferry.contract import Manners
from dicomferry.options import AETitle, DeclaredTls, Host, Port, Seconds, hours_faults
from dicomferry_plugins._pacs.charset import charset_fault

if TYPE_CHECKING:
    from dicomferry import Context
    from dicomferry.dimse import Peer


class PacsServer(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A PACS to query and retrieve from."""

    host: Host
    ae_title: AETitle
    port: Port = 104
    calling_ae_title: AETitle = "DICOMFERRY"
    retrieve: Annotated[
        Literal["c-get", "c-move", "auto"], Meta(description="How instances are retrieved.")
    ] = "auto"
    associations: Annotated[
        int,
        Meta(
            ge=1,
            le=64,
            description="Studies that are retrieved at once, each over its association.",
        ),
    ] = 1
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
        int,
        Meta(
            ge=0,
            le=6000,
            description="C-FIND, C-GET and C-MOVE requests at most; 0 for any number.",
        ),
    ] = 0
    hours: Annotated[
        dict[str, str],
        Meta(description='When the PACS may be asked: `{mon-fri: "19:00-06:00", sat-sun: all}`.'),
    ] = {}
    keep_answers: Annotated[
        float,
        Meta(
            ge=0,
            le=8784,
            description="Hours for which answers to C-FIND are kept: until then only what is new is"
            " asked for. 0 asks for everything each time.",
        ),
    ] = 24
    move_ae_title: Annotated[
        str, Meta(max_length=16, description="What the PACS calls us as a C-MOVE destination.")
    ] = ""
    move_port: Port = 11112
    charset: Annotated[
        str,
        Meta(
            description="Specific Character Set of answers that name none, as `ISO_IR 100`; several"
            " with a backslash between them.",
        ),
    ] = ""
    accept: Annotated[
        list[Literal["other-patient-id"]],
        Meta(description="What may differ between an instance and what the PACS told of it."),
    ] = []
    tls: DeclaredTls | None = None
    timeout: Annotated[Seconds, Meta(description="Seconds without an answer.")] = 60

    @property
    def connect_timeout(self) -> float:
        """How long it may take to be reached, in seconds."""
        return self.timeout

    @property
    def manners(self) -> Manners:
        """The limits of requests that are not for instances."""
        return Manners(requests_per_minute=self.requests_per_minute, hours=self.hours)

    @property
    def answers_valid(self) -> float:
        """For how many seconds answers are kept."""
        return self.keep_answers * 3600

    def faults(self) -> Iterable[tuple[tuple[str, ...], str]]:
        """Say what is wrong with the hours, the move destination and the encryption."""
        for path, message in hours_faults(self.hours):
            yield ("hours", *path), message
        if self.retrieve == "c-move" and not self.move_ae_title:
            yield ("retrieve",), "c-move needs move_ae_title: what the PACS calls us"
        if self.charset and (fault := charset_fault(self.charset)):
            yield ("charset",), fault
        for path, message in self.tls.faults() if self.tls else ():
            yield ("tls", *path), message


def peer_of(server: PacsServer, context: Context) -> Peer:
    """Return a PACS as the application entity to associate with."""
    return replace(context.peer(server), charset=server.charset)
