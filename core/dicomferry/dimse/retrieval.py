"""What C-GET and C-MOVE have in common: what is asked for, and how a PACS ends its answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from dicomferry.dicom.quiet import quietly
from dicomferry.dimse.association import Peer
from dicomferry.dimse.inbox import Inbox
from dicomferry.dimse.scu import status_of

if TYPE_CHECKING:
    from pydicom import Dataset
    from pynetdicom.association import Association

PENDING = (0xFF00, 0xFF01)

COMPRESSED = (
    "1.2.840.10008.1.2.4.70", "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.90",
    "1.2.840.10008.1.2.4.91", "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.5",
    "1.2.840.10008.1.2.4.57", "1.2.840.10008.1.2.4.51", "1.2.840.10008.1.2.4.81",
    "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.4.100",
    "1.2.840.10008.1.2.4.102", "1.2.840.10008.1.2.4.103",
)  # fmt: skip
"""Transfer syntaxes beside the two that every PACS can send, the likeliest first."""

Stopped = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Request:
    """One C-GET or C-MOVE: the level, and UIDs by the keys of that level and those above."""

    level: str
    keys: dict[str, str]


@dataclass(frozen=True, slots=True)
class Ended:
    """How a PACS ended its answer; its counters are not kept, because they are not to be trusted.

    `status` is None where the association was lost.
    """

    status: int | None
    comment: str = ""

    def __str__(self) -> str:
        words = "no status at all" if self.status is None else f"status {self.status:#06x}"
        return words + (f": {self.comment}" if self.comment else "")


class Way(Protocol):
    """An open way to retrieve over."""

    def retrieve(self, request: Request, inbox: Inbox, stopped: Stopped) -> Ended:
        """Ask for instances and take them into `inbox`; raises `AssociationLostError`."""
        ...


def conclude(
    peer: Peer,
    association: Association,
    responses: Iterator[tuple[Dataset, Dataset | None]],
    stopped: Stopped,
) -> Ended:
    """Hear responses to the end; a retrieval that is to stop is broken off."""
    with quietly():
        for answer, _ in responses:
            status = status_of(peer, answer)
            if status not in PENDING:
                return Ended(status, str(answer.get("ErrorComment", "")))
            if stopped():
                association.abort()
                break
    return Ended(None)


def study_contexts(sop_classes: Sequence[str], most: int) -> list[tuple[str, str]]:
    """Return contexts for SOP classes, one for each transfer syntax, so that nothing is transcoded.

    Every class gets the uncompressed syntaxes, then the likeliest compressed ones while there is
    room for them in one association.
    """
    plain = ("1.2.840.10008.1.2.1", "1.2.840.10008.1.2")
    pairs = [(uid, syntax) for syntax in (*plain, *COMPRESSED) for uid in sop_classes]
    return pairs[:most]
