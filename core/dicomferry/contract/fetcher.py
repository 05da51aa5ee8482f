"""The contract of fetchers: they get instances that a source found on a server.

The engine makes a `FetchOrder` for the instances of one study that a sink still needs. It gives the
order to the `Fetcher` together with an `Inbox`, which is a folder in the spool. A fetcher says in
its `Manners` how much the server can bear. The engine keeps to that: it decides how many orders
are under way, how fast requests follow one another, and at what hours.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from msgspec import Struct, field

from dicomferry.model import RemoteInstance


class Manners(Struct, frozen=True):
    """The limits that a server sets to requests; the engine keeps to them.

    `lanes` is how many studies workers may fetch at once. `requests_per_minute` counts the requests
    of all lanes (0: no limit). `batch` is how many fetched studies may wait for their sinks (0: as
    many as the spool holds). `hours` are the times at which requests are allowed, as
    `{"mon-fri": "19:00-06:00", "sat-sun": "all"}`; empty allows them always. `way` is the fetcher's
    own word for how it asks; the engine repeats it in each order. `accepts` names what may differ
    between an instance and what its server told of it: `other-patient-id`.
    """

    lanes: int = 1
    requests_per_minute: int = 0
    batch: int = 0
    hours: Mapping[str, str] = field(default_factory=dict)
    way: str = ""
    accepts: tuple[str, ...] = ()


class FetchOrder(Struct, frozen=True):
    """The instances of one study that a fetcher must get.

    `whole_series` are the series of which the order has every instance that the source found: a
    fetcher may ask for such a series as a whole, and gives the inbox also what comes of it that the
    source had not found. `way` and `lanes` are those of the manners in use: with one lane
    nothing else is under way.

    An instance without a SOP Instance UID stands for a series whose instances the server does not
    list: all of the series is wanted, and `Inbox.complete` says that all has come.
    """

    study_instance_uid: str
    instances: tuple[RemoteInstance, ...]
    whole_series: frozenset[str] = frozenset()
    way: str = ""
    lanes: int = 1


class Fetched(Struct, frozen=True):
    """How a fetcher ended an order; the inbox knows which instances have arrived.

    `why` is the server's reason for missing instances, if it gave one. `silent` says that the
    fetcher did not reach the server: after three such orders in a row the engine stops asking it.
    `manners` are other manners than those in use: the engine takes them over, and orders missing
    instances again.
    """

    why: str = ""
    silent: bool = False
    manners: Manners | None = None


class BytesWriter(Protocol):
    """Writes the bytes of one instance, from the first to the last."""

    def write(self, data: bytes, /) -> int:
        """Write the next bytes; return their number."""


class Inbox(Protocol):
    """Where a fetcher puts the instances of one order. Several threads may use it.

    An inbox takes only ordered instances and other instances of whole series, only whole files, and
    no more bytes than it has room for.
    """

    @property
    def folder(self) -> Path:
        """A folder for unfinished files; the next run deletes each `*.dcm` of a killed run."""

    @property
    def room(self) -> int:
        """How many more bytes the inbox takes."""

    @property
    def full(self) -> bool:
        """Whether an instance did not fit: then a fetcher should ask for no more."""

    def missing(self) -> list[RemoteInstance]:
        """Return the instances that have not arrived, in the sequence of the order."""

    def writing(self, instance: RemoteInstance) -> AbstractContextManager[BytesWriter]:
        """Write one instance as a Part 10 file; it has arrived when the block ends.

        A block that raises leaves no file. A write beyond the room ends the block, and the instance
        stays missing.
        """

    def take(self, instance: RemoteInstance, file: Path) -> bool:
        """Move a whole file out of `folder` into the inbox; tell whether the instance has arrived.

        An empty file says that the instance was larger than the room. An instance that was not
        ordered is taken where its series is ordered as a whole.
        """

    def complete(self, series: RemoteInstance) -> None:
        """Say that all instances came of a series that has no list; see `FetchOrder`."""

    def stopped(self) -> bool:
        """Tell whether the run stops: then a fetcher should end soon."""

    def pause(self) -> float:
        """Return the seconds that the next request must wait, by the manners in use."""

    def wait(self) -> None:
        """Wait until the next request is allowed, or the run stops."""

    def asked(self) -> None:
        """Count a request; a fetcher calls it after `wait`, before each request."""


class Fetcher(Protocol):
    """Gets the bytes of remote instances from one server of the recipe.

    The `options` of its component are the options of that kind of server.
    """

    @property
    def manners(self) -> Manners:
        """The limits that the server sets to requests."""

    def fetch(self, order: FetchOrder, inbox: Inbox) -> Fetched:
        """Get the missing instances of one study; a worker process calls it.

        Returns when every instance has arrived, the inbox is full, the server gives no more, or the
        run stops. Raises `FerryError` when it cannot ask at all: that ends the retrieval.
        """
