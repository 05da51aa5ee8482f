"""The association request and its answer, as bytes (PS3.8 9.3).

Tests compare them with pynetdicom's PDU classes. This module does not use those classes: importing
them takes as long as sending some hundred instances.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence

from msgspec import Struct

from dicomferry.dimse.association import (
    AssociationLostError,
    AssociationRejectedError,
    ContextRefusedError,
)
from dicomferry.dimse.contexts import Syntaxes, context_id
from dicomferry.peer import Peer

A_ASSOCIATE_RQ, A_ASSOCIATE_AC, A_ASSOCIATE_RJ = 0x01, 0x02, 0x03
IMPLEMENTATION_CLASS_UID = "2.25.73998347940216433173877779471893825357"
IMPLEMENTATION_VERSION_NAME = "DICOMFERRY"
"""What every association request tells of this application (PS3.7 D.3.3.2)."""
_APPLICATION_CONTEXT_NAME = "1.2.840.10008.3.1.1.1"
_PROTOCOL_VERSION = 1
_ITEMS_START = 68
_ACCEPTANCE = 0

# Items of a request and of its answer (PS3.8 9.3.2 and 9.3.3, PS3.7 D.3.3).
_APPLICATION_CONTEXT, _PROPOSED, _ANSWERED, _USER_INFORMATION = 0x10, 0x20, 0x21, 0x50
_ABSTRACT, _TRANSFER = 0x30, 0x40
_MAXIMUM_LENGTH, _IMPLEMENTATION_CLASS, _IMPLEMENTATION_VERSION = 0x51, 0x52, 0x55
_USER_IDENTITY = 0x58
_NAME, _NAME_AND_PASSCODE = 1, 2


class Agreement(Struct, frozen=True):
    """The peer's answer: accepted contexts with their IDs, and its longest PDU (0: any)."""

    accepted: dict[Syntaxes, int]
    max_pdu_length: int


def associate_rq(peer: Peer, contexts: Sequence[Syntaxes]) -> bytes:
    """Encode an A-ASSOCIATE-RQ with one item for each of `contexts` (PS3.8 9.3.2)."""
    items = [_item(_APPLICATION_CONTEXT, _APPLICATION_CONTEXT_NAME.encode())]
    for position, (abstract, transfer) in enumerate(contexts):
        syntaxes = _item(_ABSTRACT, abstract.encode()) + _item(_TRANSFER, transfer.encode())
        items.append(_item(_PROPOSED, bytes([context_id(position), 0, 0, 0]) + syntaxes))
    items.append(_item(_USER_INFORMATION, b"".join(_user_information(peer))))
    titles = b"".join(
        title.encode("ascii").ljust(16) for title in (peer.called_ae_title, peer.calling_ae_title)
    )
    body = struct.pack(">HH", _PROTOCOL_VERSION, 0) + titles + bytes(32) + b"".join(items)
    return struct.pack(">BBI", A_ASSOCIATE_RQ, 0, len(body)) + body


def _user_information(peer: Peer) -> Iterator[bytes]:
    """Yield the sub-items of PS3.7 annex D that a storage association needs."""
    yield _item(_MAXIMUM_LENGTH, struct.pack(">I", peer.max_pdu_length))
    yield _item(_IMPLEMENTATION_CLASS, IMPLEMENTATION_CLASS_UID.encode())
    yield _item(_IMPLEMENTATION_VERSION, IMPLEMENTATION_VERSION_NAME.encode())
    if identity := peer.user_identity:
        fields = (identity.user_name.encode(), identity.passcode.encode())
        kind = _NAME_AND_PASSCODE if identity.passcode else _NAME
        yield _item(
            _USER_IDENTITY,
            bytes([kind, 0]) + b"".join(struct.pack(">H", len(one)) + one for one in fields),
        )


def _item(kind: int, content: bytes) -> bytes:
    return struct.pack(">BBH", kind, 0, len(content)) + content


def _items(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield type and content of items; raises `ValueError` where one is cut short."""
    at = 0
    while at < len(data):
        if at + 4 > len(data):
            raise ValueError("an item without a length")
        kind, length = struct.unpack_from(">BxH", data, at)
        at += 4 + length
        if at > len(data):
            raise ValueError("an item is longer than what is left")
        yield kind, data[at - length : at]


def agreement(peer: Peer, contexts: Sequence[Syntaxes], kind: int, body: bytes) -> Agreement:
    """Read the answer to `associate_rq`.

    Raises `AssociationRejectedError`, `ContextRefusedError` when the peer accepts none of the
    contexts, and `AssociationLostError` for any other PDU.
    """
    if kind == A_ASSOCIATE_RJ and len(body) >= 4:
        raise AssociationRejectedError(peer, body[1], body[2], body[3])
    if kind != A_ASSOCIATE_AC:
        raise AssociationLostError(f"{peer} answered an association request with PDU type {kind}")
    try:
        agreed = _accepted(contexts, body)
    except (ValueError, IndexError) as error:
        raise AssociationLostError(f"{peer} sent an unreadable A-ASSOCIATE-AC") from error
    if not agreed.accepted:
        raise none_accepted(peer, contexts)
    return agreed


def _accepted(contexts: Sequence[Syntaxes], body: bytes) -> Agreement:
    """Read the variable field of an A-ASSOCIATE-AC (PS3.8 9.3.3); raises `ValueError`."""
    if len(body) < _ITEMS_START:
        raise ValueError("it is too short")
    answers: dict[int, str] = {}
    longest = 0
    for kind, content in _items(body[_ITEMS_START:]):
        if kind == _ANSWERED:
            number, result = content[0], content[2]
            syntaxes = dict(_items(content[4:]))
            if result == _ACCEPTANCE:
                answers[number] = _uid(syntaxes.get(_TRANSFER, b""))
        elif kind == _USER_INFORMATION:
            told = dict(_items(content)).get(_MAXIMUM_LENGTH)
            longest = int.from_bytes(told, "big") if told and len(told) == 4 else 0
    accepted = {
        pair: context_id(at)
        for at, pair in enumerate(contexts)
        if answers.get(context_id(at)) == pair[1]
    }
    return Agreement(accepted, longest)


def _uid(content: bytes) -> str:
    return content.decode("ascii").rstrip("\0 ")


def none_accepted(peer: Peer, contexts: Sequence[Syntaxes]) -> ContextRefusedError:
    """Return the error of an association without an accepted context."""
    return ContextRefusedError(
        f"{peer} accepted none of {len(contexts)} presentation contexts",
        hint="the receiver does not take these SOP classes in these transfer syntaxes",
    )
