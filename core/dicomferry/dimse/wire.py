"""DIMSE messages as bytes: command sets, PDVs and P-DATA-TF PDUs (PS3.7, PS3.8)."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator

from msgspec import Struct

from dicomferry.errors import DamagedError

Buffer = bytes | memoryview

P_DATA_TF = 0x04
_COMMAND, _LAST = 0x01, 0x02

AFFECTED_SOP_CLASS_UID = 0x0002
COMMAND_FIELD = 0x0100
MESSAGE_ID = 0x0110
MESSAGE_ID_BEING_RESPONDED_TO = 0x0120
PRIORITY = 0x0700
COMMAND_DATA_SET_TYPE = 0x0800
STATUS = 0x0900
ERROR_COMMENT = 0x0902
AFFECTED_SOP_INSTANCE_UID = 0x1000

C_STORE_RQ, C_ECHO_RQ = 0x0001, 0x0030
RESPONSE = 0x8000
NO_DATA_SET, A_DATA_SET = 0x0101, 0x0001
VERIFICATION = "1.2.840.10008.1.1"
IMPLICIT_VR_LITTLE_ENDIAN = "1.2.840.10008.1.2"


def c_store_rq(message_id: int, sop_class_uid: str, sop_instance_uid: str) -> bytes:
    """Encode the command set of a C-STORE-RQ of medium priority (PS3.7 9.3.1.1)."""
    return _command_set(
        (AFFECTED_SOP_CLASS_UID, _uid(sop_class_uid)),
        (COMMAND_FIELD, _us(C_STORE_RQ)),
        (MESSAGE_ID, _us(message_id)),
        (PRIORITY, _us(0)),
        (COMMAND_DATA_SET_TYPE, _us(A_DATA_SET)),
        (AFFECTED_SOP_INSTANCE_UID, _uid(sop_instance_uid)),
    )


def c_echo_rq(message_id: int) -> bytes:
    """Encode the command set of a C-ECHO-RQ (PS3.7 9.3.5.1)."""
    return _command_set(
        (AFFECTED_SOP_CLASS_UID, _uid(VERIFICATION)),
        (COMMAND_FIELD, _us(C_ECHO_RQ)),
        (MESSAGE_ID, _us(message_id)),
        (COMMAND_DATA_SET_TYPE, _us(NO_DATA_SET)),
    )


def _command_set(*elements: tuple[int, bytes]) -> bytes:
    """Encode group 0000 in Implicit VR Little Endian, its length first (PS3.7 6.3.1)."""
    body = b"".join(struct.pack("<HHI", 0, tag, len(value)) + value for tag, value in elements)
    return struct.pack("<HHII", 0, 0, 4, len(body)) + body


def _us(number: int) -> bytes:
    return struct.pack("<H", number)


def _uid(text: str) -> bytes:
    value = text.encode("ascii")
    return value + b"\0" * (len(value) % 2)


class CommandSet(Struct, frozen=True):
    """A received command set: value fields by element number of group 0000."""

    values: dict[int, bytes]

    @classmethod
    def parse(cls, data: bytes) -> CommandSet:
        """Read a command set; raises `ValueError` where it is malformed."""
        values: dict[int, bytes] = {}
        at = 0
        while at < len(data):
            if at + 8 > len(data):
                raise ValueError("it ends inside an element")
            group, element, length = struct.unpack_from("<HHI", data, at)
            at += 8
            if group != 0 or at + length > len(data):
                raise ValueError("it is not a sequence of group 0000 elements")
            values[element] = data[at : at + length]
            at += length
        return cls(values)

    def number(self, element: int) -> int | None:
        """Return a US value; None where it is missing or has another length."""
        value = self.values.get(element, b"")
        return int.from_bytes(value, "little") if len(value) == 2 else None

    def text(self, element: int) -> str:
        """Return a value as text without its padding; empty where it is missing."""
        return self.values.get(element, b"").decode("ascii", "replace").strip(" \0")


def pdus(
    chunks: Iterable[Buffer], length: int, context_id: int, most: int, *, command: bool
) -> Iterator[Buffer]:
    """Yield `chunks` with the headers of P-DATA-TF PDUs between them, one PDV in each PDU.

    `length` is the sum of the chunks' lengths, which marks the last fragment. A PDV takes `most`
    bytes. Raises `DamagedError` when the chunks have another length.
    """
    if not length:
        raise DamagedError("there is no data to send")
    kind = _COMMAND if command else 0
    left, room = length, 0
    for chunk in chunks:
        view = memoryview(chunk)
        while len(view):
            if not room:
                room = min(most, left)
                if not room:
                    raise DamagedError("there is more data than its length said")
                last = _LAST if room == left else 0
                yield struct.pack(
                    ">BBIIBB", P_DATA_TF, 0, room + 6, room + 2, context_id, kind | last
                )
            part = view[:room]
            yield part
            view = view[len(part) :]
            room -= len(part)
            left -= len(part)
    if left:
        raise DamagedError(f"the data ends {left} bytes before its length said")


def windows(buffers: Iterable[Buffer], size: int) -> Iterator[list[Buffer]]:
    """Gather buffers into lists of about `size` bytes; the link writes each list at once."""
    window: list[Buffer] = []
    gathered = 0
    for buffer in buffers:
        window.append(buffer)
        gathered += len(buffer)
        if gathered >= size:
            yield window
            window, gathered = [], 0
    if window:
        yield window


class Fragment(Struct, frozen=True):
    """One received PDV of a command set."""

    context_id: int
    data: bytes
    last: bool


def fragments(body: bytes) -> Iterator[Fragment]:
    """Yield the PDVs of a P-DATA-TF PDU's variable field (PS3.8 9.3.5).

    Raises `ValueError` where they are malformed, or belong to a data set: the responses to C-STORE
    and C-ECHO have none.
    """
    at = 0
    while at < len(body):
        if at + 6 > len(body):
            raise ValueError("it ends inside a PDV")
        length, context_id, control = struct.unpack_from(">IBB", body, at)
        end = at + 4 + length
        if length < 2 or end > len(body):
            raise ValueError("a PDV does not fit its PDU")
        if not control & _COMMAND:
            raise ValueError("it has a data set")
        yield Fragment(context_id, body[at + 6 : end], last=bool(control & _LAST))
        at = end
