"""The rows that go into the ledger and come out of it, as values."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from msgspec import Struct

from dicomferry.dicom.patient import Patient
from dicomferry.model import (
    Destination,
    Forecast,
    InstanceRef,
    Location,
    MissingKey,
    RemoteInstance,
    Wanted,
)


class Verdict(StrEnum):
    """What the plan says of a file."""

    FOUND = "found"
    """seen by a source, not examined yet"""
    READY = "ready"
    EXCLUDED = "excluded"
    """left out on purpose: by the recipe, or the same instance once more"""
    REJECTED = "rejected"
    """held back by a rule"""
    PASSED = "passed"
    """not an instance: not DICOM, a DICOMDIR, a FIFO, …"""
    NOT_LOOKED_INTO = "not-looked-into"
    """could not be read: it may be an instance, or hold some"""


CANDIDATE: Final = "candidate"
"""The code of what is left out until somebody includes it in a saved plan."""

UNSETTLED: Final = (Verdict.REJECTED, Verdict.NOT_LOOKED_INTO)
"""The verdicts with which no plan is as its recipe wants it."""


class Remote(Struct, frozen=True):
    """What is known of an item that is still on a server; `spooled` is its file once it is here,
    and `accepts` is that of its server's `Manners`; both are empty before.

    The other fields are those of the `RemoteInstance` that a source found.
    """

    fetcher: str
    server: str
    ref: InstanceRef
    attributes: Mapping[str, str]
    relabel: Mapping[str, str]
    key: str = ""
    spooled: Location | None = None
    accepts: tuple[str, ...] = ()
    labels: Mapping[str, str] = MappingProxyType({})
    candidate_of: Location | None = None
    asked: Mapping[str, str] = MappingProxyType({})


class Item(Struct, frozen=True):
    """One file, archive member or remote instance as a source found it."""

    id: int
    source: str
    location: Location
    size: int
    modified_ns: int
    names: Mapping[str, str]
    row: Mapping[str, str]
    remote: Remote | None = None

    @property
    def is_series(self) -> bool:
        """Whether it stands for a series whose instances its server does not list."""
        return self.remote is not None and not (self.remote.ref.sop_instance_uid or self.remote.key)

    @property
    def asked_for(self) -> RemoteInstance | None:
        """The finding behind a remote item, as its fetcher is to get it; None for a local one."""
        remote = self.remote
        if remote is None:
            return None
        return RemoteInstance(
            remote.fetcher, remote.server, remote.ref, remote.attributes, remote.relabel, self.row,
            key=remote.key, size=self.size, modified_ns=self.modified_ns, names=self.names,
            labels=remote.labels, candidate_of=remote.candidate_of, asked=remote.asked,
        )  # fmt: skip

    @property
    def bytes_at(self) -> Location:
        """Where it can be read; for a remote instance, once it was retrieved."""
        spooled = self.remote.spooled if self.remote else None
        return spooled or self.location


class Facts(Struct, frozen=True):
    """What the header of an instance says, before any edit.

    Each field behind the UIDs is kept in the item's column of the same name; a patient is a row of
    a table of its own. A new one needs its
    tag in `engine/pipeline/facts.py`, a column in `schema.py` and a migration, which also empties
    `item.examined`: the next plan reads the headers again, and nothing is sent again for it.
    """

    ref: InstanceRef
    transfer_syntax_uid: str
    study_date: str
    modality: str
    series_number: str
    acquired: str = ""
    """The day of the acquisition, or else of the series or the content, for want of a StudyDate."""
    patient: Patient = Patient()


class Examined(Struct, frozen=True):
    """What became of an item when its header was read, edited and forecast."""

    item: int
    verdict: Verdict
    code: str = ""
    reason: str = ""
    facts: Facts | None = None
    sent: InstanceRef | None = None
    forecast: Forecast | None = None
    wanted: Wanted | None = None
    edits: str = ""
    notes: tuple[str, ...] = ()
    """Codes of problems that the plan must warn of, as `code` or `code:what`."""
    missing: MissingKey | None = None
    """What a table lacks for it, where that is why it is held back."""


class Due(Struct, frozen=True):
    """One instance that a sink should get: what is to be sent, as planned."""

    item: Item
    sent: InstanceRef
    transfer_syntax_uid: str
    destination: Destination
    edits: str
    stamp: str
    """Changes when the content of the file or the edits change; see `stamp_of`."""


def stamp_of(edits: str, size: int, modified_ns: int) -> str:
    """Return what identifies one version of an edited instance without reading it."""
    return f"{edits[:32]}:{size}:{modified_ns}"


STAMP: Final = "substr(item.edits, 1, 32) || ':' || item.size || ':' || item.modified_ns"
"""What `stamp_of` returns for an item of the plan, in the ledger's columns."""


SAME_FILE: Final = (
    "substr(delivery.stamp, instr(delivery.stamp, ':')) = ':' || item.size || ':' ||"
    " item.modified_ns"
)
"""Holds where a delivery is of the file that the plan has of its item, whatever its edits."""


class Proof(Struct, frozen=True):
    """What one delivery was made of, as hex BLAKE3.

    `sop_instance_uid` is the source's. `input` is of the file or archive member as it is on the
    disk, `sent` of the data set that the sink was given, but for its last `untouched` bytes, which
    are the input's last ones. Both are empty when they could not be read once more. `mended` says
    in what more than the edits the data set differs from the file.
    """

    sop_instance_uid: str
    input: str
    sent: str
    untouched: int
    mended: str = ""
