"""The C-GET service class user: instances come back over the asking association (PS3.4 C.4.3)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from dicomferry.dimse.association import ContextRefusedError, Peer
from dicomferry.dimse.contexts import MOST_CONTEXTS
from dicomferry.dimse.inbox import Door, Inbox
from dicomferry.dimse.retrieval import Ended, Request, Stopped, conclude, study_contexts
from dicomferry.dimse.scu import (
    EXPLICIT_LITTLE,
    IMPLICIT_LITTLE,
    STUDY_ROOT_GET,
    associated,
    held,
    identifier,
)

if TYPE_CHECKING:
    from pynetdicom.association import Association

_MODELS = [(STUDY_ROOT_GET, EXPLICIT_LITTLE), (STUDY_ROOT_GET, IMPLICIT_LITTLE)]


class GetWay:
    """`Way` by C-GET; made by `open_get`."""

    def __init__(self, peer: Peer, association: Association, door: Door) -> None:
        self._peer = peer
        self._association = association
        self._door = door
        self._number = 0

    def retrieve(self, request: Request, inbox: Inbox, stopped: Stopped) -> Ended:
        """Ask for instances and take them; see `Way`."""
        self._number += 1
        self._door.inbox = inbox
        try:
            with held(self._peer, self._association):
                responses = self._association.send_c_get(
                    identifier(request.level, request.keys), STUDY_ROOT_GET, msg_id=self._number
                )
                return conclude(self._peer, self._association, responses, stopped)
        finally:
            self._door.inbox = None


@contextmanager
def open_get(peer: Peer, sop_classes: Sequence[str]) -> Iterator[GetWay]:
    """Associate for C-GET of these SOP classes, with the roles turned round for them.

    Raises as `open_association`, and `ContextRefusedError` when the peer does no C-GET.
    """
    door = Door()
    contexts = _MODELS + study_contexts(sop_classes, MOST_CONTEXTS - len(_MODELS))
    with associated(peer, contexts, stores=sop_classes, on_store=door.take) as association:
        offered = {str(context.abstract_syntax) for context in association.accepted_contexts}
        if STUDY_ROOT_GET not in offered:
            raise ContextRefusedError(f"{peer} does no C-GET", hint="say retrieve: c-move")
        yield GetWay(peer, association, door)
