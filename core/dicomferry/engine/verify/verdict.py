"""What came of a session in XNAT, as values."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from dicomferry.ledger.reading.expected import ExpectedInstance
from dicomferry.model import Destination
from dicomferry.xnat.rest import HeldFile


class Standing(StrEnum):
    """How a session of the plan stands in XNAT."""

    LANDED = "landed"
    """all of it is in the archive, where it was forecast"""
    ELSEWHERE = "landed elsewhere"
    """XNAT holds all of it, some in another place"""
    WAITING = "waiting in the prearchive"
    SHORT = "short"
    """XNAT holds some of it"""
    EMPTY = "empty"
    """XNAT holds nothing of it"""
    UNKNOWN = "unknown"
    """XNAT could not be asked"""


class HoldingPlace(Struct, frozen=True):
    """One place of XNAT's that holds some of a session, or may.

    `status` is the prearchive's, empty for the archive; `files` None when they cannot be listed;
    `source` is what XNAT's services call a prearchive session.
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
    """How one session of the plan stands at one XNAT, and what mends it.

    `where` are the places that hold it, the forecast one in the archive left out. `under_way` when
    XNAT will go on with it by itself. `held` has the file of each instance that is there, `foreign`
    the UIDs or file names of what else is in the session.
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
        """Return the items that XNAT said it has, and is known not to have."""
        if self.standing not in (Standing.SHORT, Standing.EMPTY):
            return ()
        return tuple(instance.item for instance in self.missing if instance.stored)
