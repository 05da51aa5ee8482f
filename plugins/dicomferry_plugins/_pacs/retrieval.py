"""What C-GET and C-MOVE have in common: what is asked for, and how a PACS ends its answer."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from dicomferry.dicom import quietly
from dicomferry.dimse import Peer, Syntaxes
from dicomferry_plugins._pacs.intake import SUCCESS, Door, Intake
from dicomferry_plugins._pacs.scu import held, identifier, is_patient_root, status_of
from dicomferry_plugins._pacs.statuses import named_status

if TYPE_CHECKING:
    from pydicom import Dataset
    from pynetdicom.association import Association

PENDING = (0xFF00, 0xFF01)

_POLL: Final = 0.05
_SHORT: Final = 1.0
"""Seconds of patience with a PACS that once was waited for in vain."""

Stopped = Callable[[], bool]
Responses = Iterator[tuple["Dataset", "Dataset | None"]]
Send = Callable[["Dataset", int], Responses]
"""Sends one request: its identifier and its number."""


class Request(Struct, frozen=True):
    """One C-GET or C-MOVE: the level, and UIDs by the keys of that level and those above."""

    level: str
    keys: dict[str, str]


class Ended(Struct, frozen=True):
    """How a PACS ended its answer.

    `status` is None where the association was lost. `sent` is how many instances the PACS says it
    has sent: it decides only whether more are waited for. `doubts` say why nothing may have come.
    """

    status: int | None
    comment: str = ""
    sent: int | None = None
    doubts: tuple[str, ...] = ()

    def __str__(self) -> str:
        words = "no status at all" if self.status is None else named_status(self.status)
        return words + self.details

    @property
    def details(self) -> str:
        """What stands behind the status: the comment of the PACS, and the doubts."""
        comment = f": {self.comment}" if self.comment else ""
        return comment + (f" ({'; '.join(self.doubts)})" if self.doubts else "")


class Way:
    """An open way to retrieve over, by C-GET or by C-MOVE: one request after the other.

    It goes by the query/retrieve `model`; `needs_patient` where its requests name the patient.
    `doubts` says of a status what it may mean where nothing came. `takes` are the contexts for
    instances that the PACS has accepted, None where it opens others. `late` is for how many seconds
    more instances are awaited after an answer that says success and came before them.
    """

    def __init__(
        self, peer: Peer, association: Association, door: Door, send: Send,
        model: str, doubts: Mapping[int, str] | None = None, *,
        takes: Sequence[Syntaxes] | None = None, late: float = 0,
    ) -> None:  # fmt: skip
        self.takes = takes
        self.needs_patient = is_patient_root(model)
        self._late = late
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
        before = intake.came
        try:
            with held(self._peer, self._association), quietly():
                asked = identifier(request.level, request.keys)
                ended = self._conclude(self._send(asked, self._number), stopped)
            if ended.status == SUCCESS and self._late:
                sent = ended.sent or 0
                self._await(lambda: 0 < sent <= intake.came - before, request, intake, stopped)
        finally:
            self._door.intake = None
        return self._doubted(ended, intake)

    def _doubted(self, ended: Ended, intake: Intake) -> Ended:
        """Return an ending with what it may mean, where nothing came."""
        if intake.came or (intake.inbox and intake.inbox.full):
            return ended
        doubts = [*self._door.strangers]
        if doubt := self._doubts.get(ended.status or 0, ""):
            doubts.append(doubt)
        return replace(ended, doubts=tuple(doubts)) if doubts else ended

    def _await(
        self, all_came: Callable[[], bool], request: Request, intake: Intake, stopped: Stopped
    ) -> None:
        """Let late instances in, for as long as they come; nothing in vain twice."""
        patience = min(self._late, self._door.patience)
        came, last = intake.came, time.monotonic()
        begun = came
        while not (all_came() or stopped()) and intake.awaits(request.keys):
            if intake.came != came:
                came, last = intake.came, time.monotonic()
            elif time.monotonic() - last > patience:
                if came == begun:
                    self._door.patience = min(patience, _SHORT)
                return
            time.sleep(_POLL)

    def _conclude(self, responses: Responses, stopped: Stopped) -> Ended:
        for answer, _ in responses:
            status = status_of(self._peer, answer)
            if status not in PENDING:
                sent = answer.get("NumberOfCompletedSuboperations")
                return Ended(status, str(answer.get("ErrorComment", "")), sent)
            if stopped():
                self._association.abort()
                break
        return Ended(None)
