"""The same storage association on pynetdicom's own: slower, and the reference for `fast`."""

from __future__ import annotations

import contextlib
import logging
import socket
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from dicomferry.dicom.quiet import quietly
from dicomferry.dicom.splice import Spliced
from dicomferry.dimse.association import (
    AssociationLostError,
    AssociationRejectedError,
    ContextRefusedError,
    Peer,
    StoreResponse,
    UnreachableError,
)
from dicomferry.dimse.checkpoint import Checkpoint
from dicomferry.dimse.contexts import Syntaxes
from dicomferry.dimse.link import tune
from dicomferry.dimse.negotiate import (
    IMPLEMENTATION_CLASS_UID,
    IMPLEMENTATION_VERSION_NAME,
    none_accepted,
    user_identity,
)
from dicomferry.errors import DamagedError

if TYPE_CHECKING:
    from pynetdicom.ae import ApplicationEntity
    from pynetdicom.association import Association
    from pynetdicom.dimse_primitives import C_STORE

_MOST_IN_MEMORY = 64 << 20
_ENDING = 2.0  # seconds that pynetdicom's threads get to end by themselves


def open_reference(peer: Peer, contexts: Sequence[Syntaxes]) -> ReferenceAssociation:
    """Associate with `peer` by pynetdicom; raises as `fast.open_fast` does."""
    from pynetdicom import build_context, evt

    silence()
    connections: list[socket.socket] = []
    rejections: list[tuple[int, int, int]] = []
    try:
        # Of UIDs, and of the socket that pynetdicom forgets to close where nobody listens.
        with quietly():
            association = application_entity(peer).associate(
                peer.host,
                peer.port,
                contexts=[build_context(abstract, transfer) for abstract, transfer in contexts],
                ae_title=peer.called_ae_title,
                max_pdu=peer.max_pdu_length,
                ext_neg=[user_identity(peer.user_identity)] if peer.user_identity else None,
                evt_handlers=[
                    (evt.EVT_CONN_OPEN, lambda event: connections.append(socket_of(event.assoc))),
                    (evt.EVT_PDU_RECV, lambda event: rejections.extend(rejection(event.pdu))),
                ],
                tls_args=(peer.tls.context(), peer.host) if peer.tls else None,
            )
    except (OSError, UnicodeError, OverflowError) as error:
        raise UnreachableError(f"{peer} is unreachable: {error}", hint="check host") from error
    if not association.is_established:
        for connection in connections:  # pynetdicom forgets those that the peer broke
            connection.close()
        if rejections:
            raise AssociationRejectedError(peer, *rejections[0])
        raise failure(peer, contexts, association, bool(connections))
    connection = socket_of(association)
    tune(connection)
    connection.settimeout(2 * peer.timeouts.response)  # later than this side's own limit
    return ReferenceAssociation(peer, association, connection)


def rejection(pdu: object) -> Iterator[tuple[int, int, int]]:
    """Yield the numbers of a rejection: `associate` misses one whose sender hangs up at once."""
    from pynetdicom.pdu import A_ASSOCIATE_RJ

    if isinstance(pdu, A_ASSOCIATE_RJ):
        yield (pdu.result or 0, pdu.source or 0, pdu.reason_diagnostic or 0)


def silence() -> None:
    """Keep pynetdicom's log to itself: it tells of data sets, and errors are raised here anyway."""
    logging.getLogger("pynetdicom").setLevel(logging.CRITICAL + 1)


def application_entity(peer: Peer) -> ApplicationEntity:
    """Return pynetdicom's side of an association with `peer`."""
    from pynetdicom import AE

    entity = AE(peer.calling_ae_title)
    entity.connection_timeout = peer.timeouts.connect
    entity.acse_timeout = peer.timeouts.association
    entity.dimse_timeout = peer.timeouts.response
    entity.network_timeout = None  # an association may idle while the source is slow
    entity.implementation_class_uid = IMPLEMENTATION_CLASS_UID
    entity.implementation_version_name = IMPLEMENTATION_VERSION_NAME
    return entity


def failure(
    peer: Peer, contexts: Sequence[Syntaxes], association: Association, connected: bool
) -> Exception:
    """Return the error that says why there is no association."""
    answer = association.acceptor.primitive
    if not connected:
        return UnreachableError(
            f"{peer} is unreachable at {peer.host}:{peer.port}",
            hint="is it running, and are host, port and TLS right?",
        )
    if answer is not None and answer.result == 0:
        return none_accepted(peer, contexts)
    return AssociationLostError(f"{peer} did not answer an association request", hung=True)


def socket_of(association: Association) -> socket.socket:
    """Return the association's connection; raises `AssociationLostError` where it is gone."""
    wrapper = association.dul.socket
    if wrapper is None or wrapper.socket is None:
        raise AssociationLostError("the connection broke as soon as the association was accepted")
    return wrapper.socket


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
        association._reactor_checkpoint = self._checkpoint  # noqa: SLF001 - see Checkpoint

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
        with _request(self._message_id, sop_class_uid, sop_instance_uid, data_set) as request:
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


@contextmanager
def _request(
    number: int, sop_class_uid: str, sop_instance_uid: str, data_set: Spliced
) -> Iterator[C_STORE]:
    """Build a C-STORE-RQ; a data set too long for memory waits in a temporary file."""
    from pydicom.uid import UID
    from pynetdicom.dimse_primitives import C_STORE

    request = C_STORE()
    request.MessageID = number
    request.Priority = 0
    with quietly():
        request.AffectedSOPClassUID = UID(sop_class_uid)
        request.AffectedSOPInstanceUID = UID(sop_instance_uid)
    if data_set.length <= _MOST_IN_MEMORY:
        request.DataSet = BytesIO(b"".join(_whole(data_set)))
        yield request
        return
    with tempfile.NamedTemporaryFile() as file:
        for chunk in _whole(data_set):
            file.write(chunk)
        file.flush()
        request._dataset_path = (Path(file.name), 0)  # noqa: SLF001 - send_c_store does the same
        yield request


def _whole(data_set: Spliced) -> Iterator[bytes | memoryview]:
    """Yield the chunks; raises `DamagedError` when they are not as long as was said."""
    length = 0
    for chunk in data_set.chunks():
        length += len(chunk)
        yield chunk
    if not length or length != data_set.length:
        raise DamagedError(f"{length} bytes were read where {data_set.length} should be")
