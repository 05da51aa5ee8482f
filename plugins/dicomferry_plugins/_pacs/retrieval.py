"""What C-GET and C-MOVE have in common: what is asked for, and how a PACS ends its answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from dicomferry.dicom import quietly
from dicomferry.dimse import Peer
from dicomferry_plugins._pacs.intake import Door, Intake
from dicomferry_plugins._pacs.scu import held, identifier, status_of

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
Responses = Iterator[tuple["Dataset", "Dataset | None"]]
Send = Callable[["Dataset", int], Responses]
"""Sends one request: its identifier and its number."""


class Request(Struct, frozen=True):
    """One C-GET or C-MOVE: the level, and UIDs by the keys of that level and those above."""

    level: str
    keys: dict[str, str]


class Ended(Struct, frozen=True):
    """How a PACS ended its answer; its counters are not kept, because they are not to be trusted.

    `status` is None where the association was lost.
    """

    status: int | None
    comment: str = ""

    def __str__(self) -> str:
        words = "no status at all" if self.status is None else f"status {self.status:#06x}"
        return words + (f": {self.comment}" if self.comment else "")


class Way:
    """An open way to retrieve over, by C-GET or by C-MOVE: one request after the other.

    `doubts` says of a status what it may mean where nothing came.
    """

    def __init__(
        self, peer: Peer, association: Association, door: Door, send: Send,
        doubts: Mapping[int, str] | None = None,
    ) -> None:  # fmt: skip
        self._peer = peer
        self._association = association
        self._door = door
        self._send = send
        self._doubts = doubts or {}
        self._number = 0

    def retrieve(self, request: Request, intake: Intake, stopped: Stopped) -> Ended:
        """Ask for instances and take them in; raises `AssociationLostError`.

        A retrieval that is to stop is broken off.
        """
        self._number += 1
        self._door.intake = intake
        try:
            with held(self._peer, self._association), quietly():
                asked = identifier(request.level, request.keys)
                ended = self._conclude(self._send(asked, self._number), stopped)
        finally:
            self._door.intake = None
        doubt = self._doubts.get(ended.status or 0, "")
        if doubt and not (intake.came or (intake.inbox and intake.inbox.full)):
            return Ended(ended.status, f"{ended.comment} ({doubt})".strip())
        return ended

    def _conclude(self, responses: Responses, stopped: Stopped) -> Ended:
        for answer, _ in responses:
            status = status_of(self._peer, answer)
            if status not in PENDING:
                return Ended(status, str(answer.get("ErrorComment", "")))
            if stopped():
                self._association.abort()
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
