"""What a plug-in offers (`Component` records) and what its stages promise (the Protocols)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar, runtime_checkable

from msgspec import Struct

from dicomferry.dicom.edits import Edits
from dicomferry.dicom.header import Header
from dicomferry.dicom.splice import Spliced
from dicomferry.model import (
    Because,
    Check,
    Destination,
    Excluded,
    Finding,
    Forecast,
    InstanceRef,
    Outcome,
    Rejected,
)
from dicomferry.peer import Peer

OptionsT = TypeVar("OptionsT")
StageT_co = TypeVar("StageT_co", covariant=True)


class Source(Protocol):
    """Where instances come from."""

    def discover(self) -> Iterator[Finding]:
        """Yield every file there is, and every thing that cannot be carried with its reason.

        Called once a run, in the main process; the order must be the same for the same input.
        """
        ...


class TableRow(Struct, frozen=True):
    """One row of a table: `number` counts from 1 below the header, `line` from 1 in the file."""

    number: int
    line: int
    cells: tuple[str, ...]


class Table(Struct, frozen=True):
    """A table of people's, as it was read."""

    headers: tuple[str, ...]
    rows: tuple[TableRow, ...]


@runtime_checkable
class Tabular(Protocol):
    """The optional half of a source whose findings come from the rows of a table.

    Its findings carry `table_row`, and what became of each row is told after a run.
    """

    def table(self) -> Table:
        """Return the table; raises `FerryError` when it cannot be read."""
        ...


class Transform(Protocol):
    """What changes an instance. Returns edits; never mutates. Must be a pure function of its input.

    A transform that must know the whole before its first edit also has
    `prepare(self, catalog: Catalog) -> None` (see `Preparing`). One that reads files (a lookup
    table) also has `inputs: tuple[Path, ...]`, so that a changed table is noticed.
    """

    def edit(self, header: Header) -> Edits | Excluded | Rejected:
        """Say what to change in this instance, or that it is to be left out."""
        ...


@runtime_checkable
class Preparing(Protocol):
    """The optional half of a transform that must know every instance before it edits the first."""

    def prepare(self, catalog: Catalog) -> None:
        """Look at the whole; called before the first `edit`, in every worker process."""
        ...


@runtime_checkable
class Reading(Protocol):
    """The optional half of a stage whose answers depend on the content of files."""

    inputs: tuple[Path, ...]
    """The files it has read; a change of their content makes a new plan."""


@runtime_checkable
class Salted(Protocol):
    """The optional half of a transform that derives values with a salt."""

    salt: str
    """The salt in use, resolved. Only a digest of it is kept, to tell that it is still the same."""


class StudyAt(Struct, frozen=True):
    """One study at one destination, as forecast behind the transforms before the asking one."""

    study_instance_uid: str
    destination: Destination
    study_date: str
    instances: int


class Catalog(Protocol):
    """What a preparing transform may ask of the whole; UIDs are those of the source."""

    def studies(self) -> Iterator[StudyAt]:
        """Yield every pair of study and destination, ordered by destination, date and UID."""
        ...

    def destinations_of_series(self, series_instance_uid: str) -> tuple[Destination, ...]:
        """Return where the instances of a series go; empty for a series that is not here."""
        ...


class Parcel(Struct, frozen=True):
    """One edited instance, ready for a sink.

    `ref` has the UIDs as sent, `header` the edits laid over it. `data_set` is the data set without
    preamble and meta group, as C-STORE wants it; `file` is the whole Part 10 file.
    """

    ref: InstanceRef
    transfer_syntax_uid: str
    header: Header
    destination: Destination
    data_set: Callable[[], Spliced]
    file: Callable[[], Spliced]


class PlannedSession(Struct, frozen=True):
    """One session as XNAT will hold it, of what is to be sent.

    `because` has the rules that decided its labels, once each. `modalities` are sorted. `studies`,
    `series` and `instances` are numbers of them by the UIDs that are sent; `size` is in bytes, 0
    for what is still on a PACS.
    """

    destination: Destination
    because: tuple[Because, ...]
    modalities: tuple[str, ...]
    studies: int
    series: int
    instances: int
    size: int


class PlanView(Protocol):
    """A plan as plug-ins see it: read only, and complete before anything is sent."""

    def sessions(self) -> Iterator[PlannedSession]:
        """Yield every session, ordered by project, subject and session label."""
        ...

    def counts(self) -> Mapping[str, int]:
        """Return how many findings there are of each verdict.

        The verdicts are `ready` (to be sent), `excluded` (left out on purpose), `rejected` (held
        back by a rule) and `passed` (no instance); one that does not occur is missing.
        """
        ...


class Consignment(Struct, frozen=True):
    """One destination's instances at one sink: the unit of delivery, retry and distribution.

    `contexts` are the (SOP class UID, transfer syntax UID) pairs that occur, most frequent first.
    """

    destination: Destination
    contexts: tuple[tuple[str, str], ...]
    instances: int
    size: int


class Delivery(Protocol):
    """An open way to a receiver, used by one process for one consignment."""

    def store(self, parcel: Parcel) -> Outcome:
        """Bring one instance; `Stored` only when the receiver has said so. Never raises for it."""
        ...


class Sink(Protocol):
    """Where instances go."""

    lanes: int
    """How many consignments may be under way at once."""

    receiver: str
    """Names what is behind the sink, as `XNAT@host:port` or a folder. What the ledger holds as
    stored at one receiver counts for nothing at another."""

    server: str
    """The recipe's server it delivers to, empty for none. A rehearsal runs sinks with a server."""

    def open(self, consignment: Consignment) -> AbstractContextManager[Delivery]:
        """Return a way to the receiver; raises `FerryError` when there is none."""
        ...


class Identifier(Protocol):
    """How an XNAT receiver names what arrives: an emulation of its DicomObjectIdentifier."""

    fields: Mapping[str, str]
    """Level (project, subject, session) to the keyword that decides it when nothing else does."""

    reads_comments: bool
    """Whether `Project: Subject: Session:` in PatientComments is read."""

    first_session_wins: bool
    """Whether all of a study takes the session of its first instance to arrive."""

    def forecast(self, header: Header) -> Forecast:
        """Say what XNAT will call this instance and which rule decided each level."""
        ...


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


ServerT = TypeVar("ServerT")


class Component(Struct, Generic[OptionsT, StageT_co], frozen=True):
    """One offer of a plug-in.

    `options` is a `msgspec.Struct` or a dataclass: the recipe's schema and the conversion both
    come from it. Its fields may be plain types, other Structs, `Template` or `Condition`.

    `example` is the part of a recipe that shows the component in use: YAML below `sources:`,
    `transforms:`, `sinks:`, and where it needs them `params:` and `tests:`. Each server in it is
    named as its kind, and not declared. `dicomferry init` makes recipes of it; what it has for the
    params `project` and `archive` is put in the place of `default: PROJECT` and `default: archive`.
    """

    name: str
    summary: str
    options: type[OptionsT]
    build: Callable[[OptionsT, Context], StageT_co]
    example: str = ""


AnyComponent = Component[Any, Any]


class ServerKind(Struct, Generic[OptionsT], frozen=True):
    """A kind of server that a recipe may declare: `servers: {NAME: {KIND: {…}}}`.

    `options` is as a component's: the schema and the conversion come from it, and
    `Context.server(NAME, OPTIONS)` gives it to sources, sinks and fetchers. `check` yields what
    `doctor` finds of one server, by its name in the recipe. `example` is a declaration in YAML.
    """

    name: str
    summary: str
    options: type[OptionsT]
    check: Callable[[str, OptionsT, Context], Iterable[Check]] | None = None
    example: str = ""


AnyServerKind = ServerKind[Any]
