"""The storage association on pynetdicom's own: the tests hold dicomferry's against it."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO
from types import MappingProxyType
from typing import TYPE_CHECKING

from dicomferry.dicom.quiet import quietly
from dicomferry.dicom.splice import Spliced
from dicomferry.dimse.association import (
    AssociationLostError,
    ContextRefusedError,
    StoreResponse,
)
from dicomferry.dimse.contexts import Syntaxes
from dicomferry.dimse.link import tune
from dicomferry.errors import DamagedError
from dicomferry.peer import Peer
from dicomferry_plugins._pacs.checkpoint import Checkpoint
from dicomferry_plugins._pacs.entity import associate

if TYPE_CHECKING:
    from pynetdicom.association import Association
    from pynetdicom.dimse_primitives import C_STORE

_ENDING = 2.0  # seconds that pynetdicom's threads get to end by themselves


def open_reference(peer: Peer, contexts: Sequence[Syntaxes]) -> ReferenceAssociation:
    """Associate with `peer` by pynetdicom; raises as `open_association` does."""
    association, connection = associate(peer, contexts)
    tune(connection)
    connection.settimeout(2 * peer.timeouts.response)  # later than this side's own limit
    return ReferenceAssociation(peer, association, connection)


class ReferenceAssociation:
    """`StorageAssociation` over `pynetdicom.Association`."""

    def __init__(self, peer: Peer, association: Association, connection: socket.socket) -> None:
        self._peer = peer
        self._association = association
        self._connection = connection
        self._accepted = MappingProxyType(
            {
                (str(context.abstract_syntax), str(context.transfer_syntax[0])): context.context_id
                for context in association.accepted_contexts
                if context.context_id is not None
            }
        )
        self._message_id = 0
        self._checkpoint = Checkpoint()
        association._reactor_checkpoint = self._checkpoint  # see Checkpoint

    @property
    def accepted(self) -> Mapping[Syntaxes, int]:
        """The contexts the peer accepted."""
        return self._accepted

    @property
    def alive(self) -> bool:
        """Whether the peer still holds the association."""
        return bool(self._association.is_established)

    def store(
        self, sop_class_uid: str, sop_instance_uid: str, transfer_syntax_uid: str, data_set: Spliced
    ) -> StoreResponse:
        """Send one instance; see `StorageAssociation.store`."""
        context_id = self._accepted.get((sop_class_uid, transfer_syntax_uid))
        if context_id is None:
            raise ContextRefusedError(f"{self._peer} does not take this SOP class as it is encoded")
        self._message_id = self._message_id % 0xFFFF + 1
        request = _request(self._message_id, sop_class_uid, sop_instance_uid, data_set)
        try:
            with quietly():
                return self._answer(request, context_id)
        except BaseException:
            self.abort()
            raise

    def release(self) -> None:
        """Release in good order."""
        with contextlib.suppress(RuntimeError):
            self._association.release()
        self._end()

    def abort(self) -> None:
        """Abort, and break the connection when that does not go through."""
        if self._association.is_established:
            self._association.abort(block=False)
        self._end()

    def _answer(self, request: C_STORE, context_id: int) -> StoreResponse:
        """Send and receive as `pynetdicom.Association.send_c_store` does, but any bytes."""
        from pynetdicom.dimse_primitives import C_STORE

        association = self._association
        if not association.is_established:
            raise AssociationLostError(f"{self._peer} ended the association")
        with self._checkpoint.held() as held:
            if not held or not association.is_established:
                raise AssociationLostError(f"{self._peer} ended the association")
            association.dimse.send_msg(request, context_id)
            _wait_until_sent(association, self._peer.timeouts.response)
            started = time.monotonic()
            _, answer = association.dimse.get_msg(block=True)
        if answer is None:
            hung = time.monotonic() - started >= self._peer.timeouts.response
            words = "did not answer within the time limit" if hung else "ended the association"
            raise AssociationLostError(f"{self._peer} {words}", hung=hung)
        named = answer.AffectedSOPInstanceUID if isinstance(answer, C_STORE) else None
        if (
            not isinstance(answer, C_STORE)
            or answer.Status is None
            or answer.MessageIDBeingRespondedTo != request.MessageID
            or (named and named != request.AffectedSOPInstanceUID)
        ):
            raise AssociationLostError(
                f"{self._peer} sent a response that is not for what was sent"
            )
        return StoreResponse(answer.Status, str(answer.ErrorComment or "").strip(" \0"))

    def _end(self) -> None:
        """Wait for pynetdicom's threads, which are not daemons, and break what holds them up."""
        association, started = self._association, time.monotonic()
        while association.dul.is_alive() and not association.dul.stop_dul():
            elapsed = time.monotonic() - started
            if elapsed > _ENDING:
                with contextlib.suppress(OSError):
                    self._connection.shutdown(socket.SHUT_RDWR)
            if elapsed > 2 * _ENDING:
                association.dul.kill_dul()
            time.sleep(0.005)
        association.kill()
        # Where the peer broke the connection pynetdicom leaves that to the garbage collector.
        self._connection.close()


def _wait_until_sent(association: Association, patience: float) -> None:
    """Wait for pynetdicom's queue while it moves; the peer's time to respond begins after it."""
    queue, answers = association.dul.to_provider_queue, association.dimse.msg_queue
    left, until = queue.qsize(), time.monotonic() + patience
    while left and answers.empty():
        if time.monotonic() > until:
            raise AssociationLostError("the peer took nothing within the time limit", hung=True)
        time.sleep(0.0005)
        if (now := queue.qsize()) < left:
            left, until = now, time.monotonic() + patience


def _request(number: int, sop_class_uid: str, sop_instance_uid: str, data_set: Spliced) -> C_STORE:
    """Return a C-STORE-RQ with the whole data set in memory."""
    from pydicom.uid import UID
    from pynetdicom.dimse_primitives import C_STORE

    request = C_STORE()
    request.MessageID = number
    request.Priority = 0
    with quietly():
        request.AffectedSOPClassUID = UID(sop_class_uid)
        request.AffectedSOPInstanceUID = UID(sop_instance_uid)
    request.DataSet = BytesIO(b"".join(_whole(data_set)))
    return request


def _whole(data_set: Spliced) -> Iterator[bytes | memoryview]:
    """Yield the chunks; raises `DamagedError` when they are not as long as was said."""
    length = 0
    for chunk in data_set.chunks():
        length += len(chunk)
        yield chunk
    if not length or length != data_set.length:
        raise DamagedError(f"{length} bytes were read where {data_set.length} should be")
