"""A storage association on one socket: no threads, no queues, few writes per instance."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from dicomferry.dicom.splice import Spliced
from dicomferry.dimse import wire
from dicomferry.dimse.association import (
    AssociationLostError,
    ContextRefusedError,
    StorageAssociation,
    StoreResponse,
)
from dicomferry.dimse.contexts import MOST_CONTEXTS, Syntaxes
from dicomferry.dimse.link import Link, connect
from dicomferry.dimse.negotiate import Agreement, agreement, associate_rq
from dicomferry.peer import Peer

_WINDOW = 1 << 20
_RELEASE_RQ, _RELEASE_RP, _ABORT = 0x05, 0x06, 0x07
_RELEASE_RQ_PDU: Final = bytes([_RELEASE_RQ, 0, 0, 0, 0, 4, 0, 0, 0, 0])
_RELEASE_RP_PDU: Final = bytes([_RELEASE_RP, 0, 0, 0, 0, 4, 0, 0, 0, 0])
_ABORT_PDU: Final = bytes([_ABORT, 0, 0, 0, 0, 4, 0, 0, 0, 0])
_LEAST_PDU = 8
_RELEASING = 5.0
"""Seconds to wait for the answer to a release; all instances are stored by then."""


def open_association(peer: Peer, contexts: Sequence[Syntaxes]) -> StorageAssociation:
    """Associate with `peer` for storing; propose `contexts`, at most 128 (see `plan_contexts`).

    Raises `UnreachableError`, `AssociationRejectedError`, `ContextRefusedError` when the peer
    accepts none of the contexts, and `AssociationLostError` when it hangs, closes the connection or
    sends other bytes.
    """
    if not 0 < len(contexts) <= MOST_CONTEXTS:
        raise ValueError(f"an association proposes 1 to {MOST_CONTEXTS} presentation contexts")
    return _open(peer, contexts)


def _open(peer: Peer, contexts: Sequence[Syntaxes]) -> FastAssociation:
    request = associate_rq(peer, contexts)
    link = connect(peer)
    try:
        return FastAssociation(peer, link, _negotiate(peer, link, contexts, request))
    except BaseException:
        link.close()
        raise


def echo(peer: Peer) -> None:
    """Send a C-ECHO; return when the peer answers success, raise as `open_association` does."""
    association = _open(peer, [(wire.VERIFICATION, wire.IMPLICIT_VR_LITTLE_ENDIAN)])
    status = association.echo()
    association.release()
    if status != 0:
        raise AssociationLostError(f"{peer} answered a C-ECHO with status {status:#06x}")


def _negotiate(peer: Peer, link: Link, contexts: Sequence[Syntaxes], request: bytes) -> Agreement:
    link.send([request], peer.timeouts.association)
    kind, body = link.receive(time.monotonic() + peer.timeouts.association)
    if kind == _ABORT:
        raise AssociationLostError(f"{peer} aborted the association request")
    agreed = agreement(peer, contexts, kind, body)
    if 0 < agreed.max_pdu_length < _LEAST_PDU:
        raise AssociationLostError(f"{peer} takes PDUs of {agreed.max_pdu_length} bytes at most")
    return agreed


class FastAssociation:
    """`StorageAssociation` over a plain socket (PS3.8 section 9)."""

    def __init__(self, peer: Peer, link: Link, agreed: Agreement) -> None:
        self._peer = peer
        self._link = link
        self._accepted = MappingProxyType(agreed.accepted)
        # A PDV has 6 bytes in front of its fragment: length, context ID and control header.
        # Fragments have even lengths, as data sets have.
        longest = min(agreed.max_pdu_length or _WINDOW, _WINDOW)
        self._most = (longest - 6) & ~1
        self._message_id = 0
        self._open = True

    @property
    def accepted(self) -> Mapping[Syntaxes, int]:
        """The contexts that the peer accepted, with their IDs."""
        return self._accepted

    @property
    def alive(self) -> bool:
        """Whether the peer still holds the association; this answers a release request of it."""
        if self._open and self._link.waiting():
            with contextlib.suppress(AssociationLostError):
                self._receive_unexpected()
            self._close()
        return self._open

    def store(
        self, sop_class_uid: str, sop_instance_uid: str, transfer_syntax_uid: str, data_set: Spliced
    ) -> StoreResponse:
        """Send one instance; see `StorageAssociation.store`."""
        context_id = self._accepted.get((sop_class_uid, transfer_syntax_uid))
        if context_id is None:
            raise ContextRefusedError(f"{self._peer} does not take this SOP class as it is encoded")
        number = self._next_message_id()
        command = wire.c_store_rq(number, sop_class_uid, sop_instance_uid)
        response = self._exchange(number, context_id, command, data_set)
        named = response.text(wire.AFFECTED_SOP_INSTANCE_UID)
        status = response.number(wire.STATUS)
        if status is None or (named and named != sop_instance_uid.strip(" \0")):
            self.abort()
            raise AssociationLostError(
                f"{self._peer} sent a response that is not for what was sent"
            )
        return StoreResponse(status, response.text(wire.ERROR_COMMENT))

    def echo(self) -> int:
        """Send a C-ECHO (PS3.7 9.1.5) and return the status."""
        context_id = self._accepted[wire.VERIFICATION, wire.IMPLICIT_VR_LITTLE_ENDIAN]
        number = self._next_message_id()
        response = self._exchange(number, context_id, wire.c_echo_rq(number), None)
        status = response.number(wire.STATUS)
        return -1 if status is None else status

    def release(self) -> None:
        """Ask the peer to release, and wait for its answer up to `_RELEASING` seconds."""
        if not self._open:
            return
        until = time.monotonic() + _RELEASING
        with contextlib.suppress(AssociationLostError):
            self._link.send([_RELEASE_RQ_PDU], _RELEASING)
            while (kind := self._link.receive(until)[0]) not in (_RELEASE_RP, _ABORT):
                if kind == _RELEASE_RQ:  # both sides asked (PS3.8 9.2.3, states 9 and 11)
                    self._link.send([_RELEASE_RP_PDU], _RELEASING)
        self._close()

    def abort(self) -> None:
        """Send an A-ABORT if the socket takes it at once, and close."""
        if self._open:
            with contextlib.suppress(AssociationLostError):
                self._link.send([_ABORT_PDU], 0)
            self._close()

    def _exchange(
        self, number: int, context_id: int, command: bytes, data_set: Spliced | None
    ) -> wire.CommandSet:
        """Send a request and return its response; abort the association when either fails."""
        if not self._open:
            raise AssociationLostError(f"the association with {self._peer} has ended")
        try:
            if self._link.waiting():
                self._receive_unexpected()
            self._send(context_id, command, data_set)
            return self._response(number)
        except BaseException:
            self.abort()
            raise

    def _send(self, context_id: int, command: bytes, data_set: Spliced | None) -> None:
        patience = self._peer.timeouts.response
        try:
            for window in wire.windows(self._pdus(context_id, command, data_set), _WINDOW):
                self._link.send(window, patience)
        except BaseException:
            # No A-ABORT here: the peer would read its bytes as part of the half-sent PDU, which
            # they could even complete.
            self._open = False
            self._link.reset()
            raise

    def _pdus(
        self, context_id: int, command: bytes, data_set: Spliced | None
    ) -> Iterable[wire.Buffer]:
        yield from wire.pdus([command], len(command), context_id, self._most, command=True)
        if data_set is not None:
            chunks = data_set.chunks(_WINDOW)
            yield from wire.pdus(chunks, data_set.length, context_id, self._most, command=False)

    def _response(self, number: int) -> wire.CommandSet:
        """Receive the response to message `number`, of one PDU or more."""
        until = time.monotonic() + self._peer.timeouts.response
        data, last = b"", False
        try:
            while not last:
                for fragment in wire.fragments(self._p_data(until)):
                    data += fragment.data
                    last = fragment.last
            return _response_to(number, wire.CommandSet.parse(data))
        except ValueError as error:
            words = f"{self._peer} sent an unreadable response: {error}"
            raise AssociationLostError(words) from error

    def _p_data(self, until: float) -> bytes:
        """Return the next P-DATA-TF's variable field; raise for any other PDU."""
        kind, body = self._link.receive(until)
        if kind == wire.P_DATA_TF:
            return body
        if kind == _RELEASE_RQ:
            self._link.send([_RELEASE_RP_PDU], self._peer.timeouts.association)
            self._close()
            raise AssociationLostError(f"{self._peer} released the association")
        if kind == _ABORT:
            raise AssociationLostError(f"{self._peer} aborted the association")
        raise AssociationLostError(f"{self._peer} sent a PDU of type {kind} out of turn")

    def _receive_unexpected(self) -> None:
        """Receive a PDU that the peer sent between two messages; always raises."""
        self._p_data(time.monotonic() + self._peer.timeouts.association)
        raise AssociationLostError(f"{self._peer} sent a message out of turn")

    def _next_message_id(self) -> int:
        self._message_id = self._message_id % 0xFFFF + 1
        return self._message_id

    def _close(self) -> None:
        self._open = False
        self._link.close()


def _response_to(number: int, command: wire.CommandSet) -> wire.CommandSet:
    field = command.number(wire.COMMAND_FIELD)
    answered = command.number(wire.MESSAGE_ID_BEING_RESPONDED_TO)
    if field is None or not field & wire.RESPONSE or answered != number:
        raise ValueError(f"message {number} awaits one, this is for {answered}")
    return command
