"""DIMSE command sets: the requests that come, and their responses (PS3.7 9.3 and 10.3)."""

from __future__ import annotations

import struct
from typing import Final

from msgspec import Struct

from dicomferry_plugins._stand_in.dicom.pdu import BrokenError

C_STORE_RQ, C_ECHO_RQ, C_CANCEL_RQ = 0x0001, 0x0030, 0x0FFF
SUCCESS, UNRECOGNIZED_OPERATION = 0x0000, 0x0211
_RESPONSE: Final = 0x8000
_NO_DATA_SET: Final = 0x0101

_CLASS, _FIELD, _MESSAGE_ID, _ANSWERED_ID = 0x0002, 0x0100, 0x0110, 0x0120
_DATA_SET_TYPE, _STATUS, _COMMENT, _INSTANCE = 0x0800, 0x0900, 0x0902, 0x1000
_COMMENT_LENGTH: Final = 64


class Answer(Struct, frozen=True):
    """The status of a response, and its ErrorComment, empty for none."""

    status: int = SUCCESS
    comment: str = ""


class Request(Struct, frozen=True):
    """The command set of a request; the UIDs are empty where it has none."""

    field: int
    message_id: int
    sop_class_uid: str
    sop_instance_uid: str
    has_data_set: bool

    @classmethod
    def parse(cls, data: bytes) -> Request:
        """Read a command set; raises `BrokenError` where it is malformed."""
        values: dict[int, bytes] = {}
        at = 0
        try:
            while at < len(data):
                element, length = struct.unpack_from("<2xHI", data, at)
                at += 8 + length
                values[element] = data[at - length : at]
            field, number, kind = (
                struct.unpack("<H", values[one]) for one in (_FIELD, _MESSAGE_ID, _DATA_SET_TYPE)
            )
        except (KeyError, struct.error) as error:
            raise BrokenError("a command set cannot be read") from error
        of_class, of_instance = (
            values.get(one, b"").decode("ascii", "replace").rstrip("\0 ")
            for one in (_CLASS, _INSTANCE)
        )
        return cls(field[0], number[0], of_class, of_instance, kind[0] != _NO_DATA_SET)

    def response(self, answer: Answer) -> bytes:
        """Encode the command set of the response."""
        elements = [
            (_CLASS, _even(self.sop_class_uid.encode("ascii", "replace"), b"\0")),
            (_FIELD, _us(self.field | _RESPONSE)),
            (_ANSWERED_ID, _us(self.message_id)),
            (_DATA_SET_TYPE, _us(_NO_DATA_SET)),
            (_STATUS, _us(answer.status)),
        ]
        if answer.comment:
            plain = " ".join(answer.comment.replace("\\", "/").split())
            text = plain.encode("ascii", "replace")[:_COMMENT_LENGTH]
            elements.append((_COMMENT, _even(text, b" ")))
        if self.sop_instance_uid:
            uid = self.sop_instance_uid.encode("ascii", "replace")
            elements.append((_INSTANCE, _even(uid, b"\0")))
        body = b"".join(struct.pack("<HHI", 0, tag, len(v)) + v for tag, v in elements)
        return struct.pack("<HHII", 0, 0, 4, len(body)) + body


def _us(number: int) -> bytes:
    return struct.pack("<H", number)


def _even(value: bytes, pad: bytes) -> bytes:
    return value + pad * (len(value) % 2)
