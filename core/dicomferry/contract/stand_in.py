"""A stand-in: a receiver on this machine that files what arrives as a real server would."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from msgspec import Struct, field

from dicomferry.contract.identifier import Identifier
from dicomferry.contract.tree import Tree
from dicomferry.model import Destination


class Faults(Struct, frozen=True):
    """When the stand-in misbehaves; instances are counted from 1 over all associations, 0 is never.

    `refuse_every` answers each Nth instance with `refuse_status`. `drop_at` closes the connection
    at the Nth instance without an answer, before it is stored or, with `drop_stored`, behind it.
    `hang_at` lets the Nth wait `hang_seconds` before it is taken. `lose_every` answers success to
    each Nth and keeps nothing of it. From `disk_full_at` on nothing can be written. `conflict_at`
    makes the Nth session that archives itself a conflict. Once more than `wedge_above` sessions are
    being built at the same time, none is built any more; a build takes `build_ms` milliseconds, and
    longer where more than half of `wedge_above` share the machine.
    """

    refuse_every: int = 0
    refuse_status: int = 0xA700
    drop_at: int = 0
    drop_stored: bool = False
    hang_at: int = 0
    hang_seconds: float = 60.0
    lose_every: int = 0
    disk_full_at: int = 0
    conflict_at: int = 0
    wedge_above: int = 0
    build_ms: int = 100


class Receipt(Struct, frozen=True):
    """One instance that was stored.

    `sha256` is of the data set as it came over the wire, without preamble and meta group; `size`
    is its length in bytes. `file` is relative to the storage folder, empty when nothing is kept.
    """

    sop_instance_uid: str
    sha256: str
    size: int
    calling_ae_title: str
    destination: Destination
    file: str = ""


class StandInOrder(Struct, frozen=True):
    """What a stand-in is to be like.

    `options` are those that `identifier` was built with; None where they are not known. `storage`
    is a folder for the received files; None keeps counts and digests only. `anonymize` has what is
    stored edited by `site_script`, or by the script that the server has by default, and once it is
    archived by the script of its project. `login` is the one `user:password` taken over REST;
    empty takes any. `quiet_period` is the seconds without an object after which it builds a session
    by itself; with None it builds when it is told to.
    """

    identifier: Identifier
    options: object = None
    storage: Path | None = None
    ae_title: str = "XNAT"
    anonymize: bool = False
    site_script: str | None = None
    project_scripts: Mapping[str, str] = field(default_factory=dict)
    login: str = ""
    faults: Faults = field(default_factory=Faults)
    quiet_period: float | None = None


class StandIn(Protocol):
    """A stand-in that listens on loopback; what it holds can be asked once it is left, too."""

    @property
    def host(self) -> str:
        """The address that it listens at."""

    @property
    def port(self) -> int:
        """The DICOM port."""

    @property
    def ae_title(self) -> str:
        """The AE title that it takes associations for."""

    @property
    def url(self) -> str:
        """The root URL of its REST interface."""

    def build(self) -> None:
        """Build all sessions now, as the server does once they are quiet."""

    def tree(self) -> Tree:
        """Return all that it holds."""

    def receipts(self) -> tuple[Receipt, ...]:
        """Return the receipts of the stored instances, in the order of arrival."""


class StandInKind(Struct, frozen=True):
    """Stands in for the kind of server that is called `name`.

    `open` returns a stand-in that listens on free ports while its context is entered. It raises
    `FerryError` where it cannot start.
    """

    name: str
    summary: str
    open: Callable[[StandInOrder], AbstractContextManager[StandIn]]
