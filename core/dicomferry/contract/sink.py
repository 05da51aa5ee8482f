"""Where instances go: what a sink is given, and what it answers."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol

from msgspec import Struct

from dicomferry.dicom.header import Header
from dicomferry.dicom.splice import Spliced
from dicomferry.model import Destination, InstanceRef, Outcome


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
