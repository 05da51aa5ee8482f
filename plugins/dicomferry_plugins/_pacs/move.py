"""The C-MOVE service class user, and the storage it moves to (PS3.4 C.4.2)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from socketserver import BaseServer
from threading import Thread
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from dicomferry import FerryError
from dicomferry.dicom import quietly
from dicomferry.dimse import Peer
from dicomferry_plugins._pacs.entity import silence, socket_of, undelayed
from dicomferry_plugins._pacs.intake import Door
from dicomferry_plugins._pacs.retrieval import COMPRESSED, Way
from dicomferry_plugins._pacs.scu import (
    EXPLICIT_LITTLE,
    IMPLICIT_LITTLE,
    STUDY_ROOT_MOVE,
    associated,
)

if TYPE_CHECKING:
    from pynetdicom.ae import ApplicationEntity

_MODELS = [(STUDY_ROOT_MOVE, EXPLICIT_LITTLE), (STUDY_ROOT_MOVE, IMPLICIT_LITTLE)]
_ASSOCIATIONS = 16
_POLL = 0.05
_UNKNOWN_DESTINATION = (0xA801, 0xC000)


class MoveTarget(Struct, frozen=True):
    """Where a PACS is to move instances: what it calls us, and where we listen for it."""

    ae_title: str
    port: int
    host: str = ""


@contextmanager
def open_move(peer: Peer, target: MoveTarget, door: Door) -> Iterator[Way]:
    """Associate for C-MOVE to where `listening` lets instances in; raises as `open_association`."""
    doubt = (
        f"is {target.ae_title} at port {target.port} of this machine"
        " registered there as a move destination?"
    )
    with associated(peer, _MODELS) as association:
        yield Way(
            peer,
            association,
            door,
            lambda asked, number: association.send_c_move(
                asked, target.ae_title, STUDY_ROOT_MOVE, msg_id=number
            ),
            dict.fromkeys(_UNKNOWN_DESTINATION, doubt),
        )


@contextmanager
def listening(target: MoveTarget, sop_classes: Sequence[str], door: Door) -> Iterator[None]:
    """Listen for instances of these SOP classes; raises `FerryError` when the port is taken.

    What is not asked for at the time is refused.
    """
    from pynetdicom import evt
    from pynetdicom.transport import ThreadedAssociationServer

    silence()
    handlers: list[Any] = [
        (evt.EVT_CONN_OPEN, lambda event: undelayed(socket_of(event.assoc))),
        (evt.EVT_C_ECHO, lambda _event: 0x0000),
        (evt.EVT_C_STORE, door.take),
    ]
    try:
        server = _storage(target, sop_classes).make_server(
            (target.host, target.port),
            evt_handlers=handlers,
            server_class=ThreadedAssociationServer,
        )
    except OSError as error:
        raise FerryError(
            f"cannot listen at port {target.port} for what is moved: {error.strerror}",
            hint="choose another move_port, and tell the PACS of it",
        ) from None
    # pynetdicom's own thread takes half a second to end, and there is one for each study.
    Thread(target=server.serve_forever, args=(_POLL,), daemon=True).start()
    try:
        yield
    finally:
        BaseServer.shutdown(server)
        server.server_close()


def _storage(target: MoveTarget, sop_classes: Sequence[str]) -> ApplicationEntity:
    from pynetdicom import AE, register_uid
    from pynetdicom.service_class import StorageServiceClass
    from pynetdicom.sop_class import uid_to_service_class

    entity = AE(target.ae_title)
    entity.require_called_aet = True
    entity.maximum_associations = _ASSOCIATIONS
    with quietly():
        entity.add_supported_context("1.2.840.10008.1.1", [IMPLICIT_LITTLE, EXPLICIT_LITTLE])
        for uid in sop_classes:
            if not issubclass(uid_to_service_class(uid), StorageServiceClass):
                register_uid(uid, f"Private{uid.replace('.', '_')}Storage", StorageServiceClass)
            entity.add_supported_context(uid, [EXPLICIT_LITTLE, IMPLICIT_LITTLE, *COMPRESSED])
    return entity
