"""Where instances go: what a sink is given, and what it answers."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol, runtime_checkable

from msgspec import Struct

from dicomferry.dicom.header import Header
from dicomferry.dicom.splice import Spliced
from dicomferry.model import Destination, InstanceRef, Outcome


class Parcel(Struct, frozen=True):
    """One edited instance, ready for a sink.

    `ref` has the UIDs as sent, and `header` includes the edits. `data_set` is the data set without
    preamble and meta group, as C-STORE sends it; `file` is the whole Part 10 file.
    """

    ref: InstanceRef
    transfer_syntax_uid: str
    header: Header
    destination: Destination
    data_set: Callable[[], Spliced]
    file: Callable[[], Spliced]


class Consignment(Struct, frozen=True):
    """The instances that one sink delivers to one destination, in one piece.

    `contexts` are their (SOP class UID, transfer syntax UID) pairs, most frequent first.
    """

    destination: Destination
    contexts: tuple[tuple[str, str], ...]
    instances: int
    size: int


class Pending(Struct, frozen=True):
    """The receiver has not said yet whether it keeps the instance: it does when all have come.

    A pending instance is stored, with this receipt, once the delivery has closed without an error.
    """

    receipt: str


class Delivery(Protocol):
    """An open connection to a receiver, which one process uses for one consignment."""

    def store(self, parcel: Parcel) -> Outcome | Pending:
        """Send one instance and raise nothing.

        Return `Stored` only when the receiver said so, and `Pending` where it says so at the end.
        """


class Sink(Protocol):
    """Where instances go."""

    lanes: int
    """How many consignments workers may deliver at once."""

    receiver: str
    """The name of the receiver behind the sink, as `XNAT@host:port` or a folder. The ledger counts
    what is stored for each receiver apart."""

    server: str
    """The server of the recipe it delivers to, or empty. A rehearsal runs sinks with a server."""

    def open(self, consignment: Consignment) -> AbstractContextManager[Delivery]:
        """Connect to the receiver; raises `FerryError` when it cannot be reached.

        The context manager closes the delivery. What it raises there takes back whatever was
        pending or called stored: all of it is failed, and goes again with the next run.
        """


@runtime_checkable
class Foresees(Protocol):
    """The optional half of a sink that can tell by a header alone what it will not take."""

    def refusal(self, header: Header, destination: Destination) -> str:
        """Return why the sink will reject the instance, or an empty text; raise nothing.

        The plan asks with the edited header, and shows what it is told. Nothing is sent.
        """


@runtime_checkable
class WritesDisk(Protocol):
    """The optional half of a sink that writes to a disk of this machine, or to a share.

    The engine gives up the worker whose `open` or `store` waits for longer than
    `DICOMFERRY_WAIT_SECONDS`. A sink of a network has time-outs of its own.
    """

    writes_disk: bool
