"""The C-MOVE service class user: a PACS is asked to send to where we listen (PS3.4 C.4.2)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from dicomferry.dimse import Peer
from dicomferry_plugins._pacs.intake import Door
from dicomferry_plugins._pacs.listener import MoveTarget
from dicomferry_plugins._pacs.retrieval import Way
from dicomferry_plugins._pacs.scu import MOVE, associated, model_of, models

_UNKNOWN_DESTINATION = (0xA801, 0xC000)


@contextmanager
def open_move(peer: Peer, target: MoveTarget, door: Door) -> Iterator[Way]:
    """Associate for C-MOVE to where `listening` lets instances in; raises as `open_association`."""
    doubt = (
        f"is {target.ae_title} at port {target.port} of this machine"
        " registered there as a move destination?"
    )
    with associated(peer, models(MOVE)) as association:
        model = model_of(association, MOVE) or MOVE[0]
        yield Way(
            peer,
            association,
            door,
            lambda asked, number: association.send_c_move(
                asked, target.ae_title, model, msg_id=number
            ),
            model,
            dict.fromkeys(_UNKNOWN_DESTINATION, doubt),
            late=peer.timeouts.response,
        )
