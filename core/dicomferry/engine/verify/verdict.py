"""The verdict on one session of the plan, as values."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from dicomferry.ledger.reading.expected import ExpectedInstance
from dicomferry.model import Destination
from dicomferry.xnat.rest import HeldFile


class Standing(StrEnum):
    """How a session of the plan stands in XNAT."""

    LANDED = "landed"
    """every instance is in the archive, in the forecast session"""
    ELSEWHERE = "landed elsewhere"
    """XNAT holds every instance, some of them in another session"""
    WAITING = "waiting in the prearchive"
    SHORT = "short"
    """XNAT holds some of its instances"""
    EMPTY = "empty"
    """XNAT holds none of its instances"""
    UNKNOWN = "unknown"
    """XNAT did not answer, or the login may not see the session"""


class HoldingPlace(Struct, frozen=True):
    """A session in XNAT's archive or prearchive that holds planned instances, or may hold them.

    `status` is the prearchive's, empty for the archive. `files` is None when XNAT cannot list them.
    `source` is the path by which XNAT's services know a prearchive session.
    """

    destination: Destination
    status: str = ""
    source: str = ""
    message: str = ""
    files: tuple[HeldFile, ...] | None = ()

    def __str__(self) -> str:
        where = f"prearchive ({self.status})" if self.status else "archive"
        return f"{where}: {self.destination}"


class SessionVerdict(Struct, frozen=True):
    """How one session of the plan stands at one XNAT, and how the user mends it.

    `where` are the places that hold it, without the forecast session in the archive. `under_way`
    says that XNAT will go on with it by itself. `held` has the file of each instance that XNAT
    holds, `foreign` the UIDs or file names of unplanned instances in the session.
    """

    key: int
    """the session's number in the ledger"""
    server: str
    sink: str
    destination: Destination
    standing: Standing
    planned: int
    held: dict[str, HeldFile]
    missing: tuple[ExpectedInstance, ...] = ()
    foreign: tuple[str, ...] = ()
    where: tuple[HoldingPlace, ...] = ()
    message: str = ""
    mend: str = ""
    under_way: bool = False

    @property
    def droppable(self) -> tuple[int, ...]:
        """Return the items that XNAT answered as stored and does not hold now."""
        if self.standing not in (Standing.SHORT, Standing.EMPTY):
            return ()
        return tuple(instance.item for instance in self.missing if instance.stored)
