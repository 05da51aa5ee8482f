"""The contract of fetchers: instances that a source found on a server, brought to this machine.

The engine makes a `FetchOrder` of what some sink still needs of one study, and gives it to the
`Fetcher` together with an `Inbox`, which is a place in the spool. How many orders are under way,
how fast requests follow one another, and at what hours, is the engine's affair: a fetcher says in
its `Manners` what the server bears.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from msgspec import Struct, field

from dicomferry.model import RemoteInstance


class Manners(Struct, frozen=True):
    """How a server wants to be asked for instances; the engine keeps to it.

    `lanes` is how many studies may be asked for at once, `requests_per_minute` counts the requests
    of all lanes (0: any number), `batch` is how many studies may be asked for and not yet be at
    every sink (0: as many as the spool holds). `hours` are when it may be asked, as
    `{"mon-fri": "19:00-06:00", "sat-sun": "all"}`; none: always. `way` is the fetcher's own word
    for how it asks, which each order brings back to it.
    """

    lanes: int = 1
    requests_per_minute: int = 0
    batch: int = 0
    hours: Mapping[str, str] = field(default_factory=dict)
    way: str = ""


class FetchOrder(Struct, frozen=True):
    """The instances of one study that a fetcher is to get.

    `whole_series` are the series of which everything that the server told of is wanted; they may
    be asked for as a whole. `way` is that of the manners in use.
    """

    study_instance_uid: str
    instances: tuple[RemoteInstance, ...]
    whole_series: frozenset[str] = frozenset()
    way: str = ""


class Fetched(Struct, frozen=True):
    """How a fetcher ended; what has arrived is known to the inbox.

    `why` is the reason why something is missing, as far as the server told one. `silent` says that
    the server was not reached at all: after three studies in a row it is asked for no more.
    `manners`, where they differ from those in use, are how it is to be asked from now on: what is
    missing is then asked for again.
    """

    why: str = ""
    silent: bool = False
    manners: Manners | None = None


class BytesWriter(Protocol):
    """Takes the bytes of one instance, from the first to the last."""

    def write(self, data: bytes, /) -> int:
        """Write some bytes; return how many."""
        ...


class Inbox(Protocol):
    """Where a fetcher puts what it gets of one order. Safe for several threads.

    Nothing is taken that was not ordered, no more than there is room for, and a file in full or
    not at all.
    """

    @property
    def folder(self) -> Path:
        """A folder for files that are on their way; what a kill leaves there as `*.dcm` goes."""
        ...

    @property
    def room(self) -> int:
        """How many bytes may still come."""
        ...

    @property
    def full(self) -> bool:
        """Whether there was no room for an instance: to ask for more is of no use."""
        ...

    def missing(self) -> list[RemoteInstance]:
        """Return what was ordered and has not arrived, in the order asked for."""
        ...

    def writing(self, instance: RemoteInstance) -> AbstractContextManager[BytesWriter]:
        """Write one instance, as a Part 10 file; it has arrived when the block ends.

        A block that raises leaves nothing. One that writes more than there is room for ends there
        and then, and the instance is missing.
        """
        ...

    def take(self, instance: RemoteInstance, file: Path) -> bool:
        """Move in a whole file from `folder`; tell whether the instance has arrived with it.

        An empty file says that it outgrew the room while it came.
        """
        ...

    def stopped(self) -> bool:
        """Tell whether the run is to stop: end soon."""
        ...

    def pause(self) -> float:
        """Return how many seconds the next request has to wait by the manners in use."""
        ...

    def wait(self) -> None:
        """Wait until the next request may be made, or the run is to stop."""
        ...

    def asked(self) -> None:
        """Note that a request is made now: before each, and after `wait`."""
        ...


class Fetcher(Protocol):
    """Gets the bytes of remote instances. Built of the recipe's server that is asked.

    Its component's `options` are the options of that kind of server.
    """

    @property
    def manners(self) -> Manners:
        """How the server wants to be asked."""
        ...

    def fetch(self, order: FetchOrder, inbox: Inbox) -> Fetched:
        """Get what the inbox misses of one study; called in a worker process.

        Returns when all is there, there is no room or no more hope, or the run is to stop. Raises
        `FerryError` where nothing can be tried at all, which ends the retrieval.
        """
        ...
