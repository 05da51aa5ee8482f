"""The negotiation of an association, seen by who is asked (PS3.8 9.3.2 to 9.3.4)."""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterator, Mapping
from typing import Final

from msgspec import Struct

from dicomferry_plugins._stand_in.dicom.pdu import ASSOCIATE_AC, ASSOCIATE_RJ, BrokenError, pdu

_APPLICATION_CONTEXT, _PROPOSED, _ANSWERED, _USER_INFORMATION = 0x10, 0x20, 0x21, 0x50
_ABSTRACT, _TRANSFER = 0x30, 0x40
_MAXIMUM_LENGTH, _IMPLEMENTATION_CLASS, _IMPLEMENTATION_VERSION = 0x51, 0x52, 0x55
_APPLICATION_CONTEXT_NAME: Final = b"1.2.840.10008.3.1.1.1"
_ITEMS_START: Final = 68
_NO_SUCH_CLASS, _NO_SUCH_SYNTAX = 3, 4

MAXIMUM_PDU: Final = 1 << 14
"""What XNAT's receiver takes: the default of its DICOM library."""
IMPLEMENTATION_CLASS_UID: Final = "2.25.261407421839163265149736230471820593201"
IMPLEMENTATION_VERSION: Final = "FERRY_STAND_IN"

Rejection = tuple[int, int, int]
"""Result, source and reason of an A-ASSOCIATE-RJ (PS3.8 9.3.4)."""


class ProposedContext(Struct, frozen=True):
    """A presentation context as it was proposed."""

    id: int
    abstract_syntax: str
    transfer_syntaxes: tuple[str, ...]


class AssociationRequest(Struct, frozen=True):
    """An A-ASSOCIATE-RQ; `titles` are the bytes of both titles, which its answer repeats."""

    called_ae_title: str
    calling_ae_title: str
    titles: bytes
    contexts: tuple[ProposedContext, ...]

    @classmethod
    def parse(cls, body: memoryview) -> AssociationRequest:
        """Read the variable field; raises `BrokenError` where it is malformed."""
        if len(body) < _ITEMS_START:
            raise BrokenError("an A-ASSOCIATE-RQ is too short")
        try:
            titles = bytes(body[4:_ITEMS_START])
            contexts = tuple(
                _proposed(content)
                for kind, content in _items(bytes(body[_ITEMS_START:]))
                if kind == _PROPOSED
            )
            called, calling = (titles[at : at + 16].decode("ascii").strip() for at in (0, 16))
        except (ValueError, IndexError, struct.error) as error:
            raise BrokenError("an A-ASSOCIATE-RQ cannot be read") from error
        return cls(called, calling, titles, contexts)


def _proposed(content: bytes) -> ProposedContext:
    items = list(_items(content[4:]))
    (abstract,) = (_uid(value) for kind, value in items if kind == _ABSTRACT)
    offered = tuple(_uid(value) for kind, value in items if kind == _TRANSFER)
    return ProposedContext(content[0], abstract, offered)


def accepted(
    request: AssociationRequest, classes: Collection[str], syntaxes: Collection[str]
) -> dict[int, str]:
    """Return the transfer syntax of each context that is accepted: the first that suits both."""
    found = {}
    for context in request.contexts:
        suits = [syntax for syntax in context.transfer_syntaxes if syntax in syntaxes]
        if context.abstract_syntax in classes and suits:
            found[context.id] = suits[0]
    return found


def acceptance(
    request: AssociationRequest, agreed: Mapping[int, str], classes: Collection[str]
) -> bytes:
    """Encode the A-ASSOCIATE-AC that answers every context of a request."""
    items = [_item(_APPLICATION_CONTEXT, _APPLICATION_CONTEXT_NAME)]
    for context in request.contexts:
        known = context.abstract_syntax in classes
        result = 0 if context.id in agreed else _NO_SUCH_SYNTAX if known else _NO_SUCH_CLASS
        # A refused context has a transfer syntax too, which says nothing (PS3.8 9.3.3.2).
        syntax = agreed.get(context.id) or next(iter(context.transfer_syntaxes), "")
        head = bytes([context.id, 0, result, 0])
        items.append(_item(_ANSWERED, head + _item(_TRANSFER, syntax.encode())))
    information = (
        _item(_MAXIMUM_LENGTH, struct.pack(">I", MAXIMUM_PDU)),
        _item(_IMPLEMENTATION_CLASS, IMPLEMENTATION_CLASS_UID.encode()),
        _item(_IMPLEMENTATION_VERSION, IMPLEMENTATION_VERSION.encode()),
    )
    items.append(_item(_USER_INFORMATION, b"".join(information)))
    return pdu(ASSOCIATE_AC, struct.pack(">HH", 1, 0) + request.titles + b"".join(items))


def rejection(numbers: Rejection) -> bytes:
    """Encode an A-ASSOCIATE-RJ."""
    return pdu(ASSOCIATE_RJ, bytes([0, *numbers]))


def _item(kind: int, content: bytes) -> bytes:
    return struct.pack(">BxH", kind, len(content)) + content


def _items(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(data):
        kind, length = struct.unpack_from(">BxH", data, at)
        at += 4 + length
        if at > len(data):
            raise ValueError("an item is longer than what is left")
        yield kind, data[at - length : at]


def _uid(content: bytes) -> str:
    return content.decode("ascii").rstrip("\0 ")
