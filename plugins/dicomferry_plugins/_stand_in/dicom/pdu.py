"""PDUs of the upper layer as bytes: read from a connection, and those that are answered."""

from __future__ import annotations

import contextlib
import math
import socket
import struct
import time
from collections.abc import Iterator
from typing import Final

from msgspec import Struct

ASSOCIATE_RQ, ASSOCIATE_AC, ASSOCIATE_RJ = 0x01, 0x02, 0x03
P_DATA_TF, RELEASE_RQ, RELEASE_RP, ABORT = 0x04, 0x05, 0x06, 0x07

RELEASE_RP_PDU: Final = bytes([RELEASE_RP, 0, 0, 0, 0, 4, 0, 0, 0, 0])
ABORT_PDU: Final = bytes([ABORT, 0, 0, 0, 0, 4, 0, 0, 2, 0])
"""An abort by the service-provider, of no named reason (PS3.8 9.3.8)."""

_HEADER = 6
_LONGEST = 1 << 22
_READ = 1 << 16
_COMMAND, _LAST = 0x01, 0x02


class BrokenError(Exception):
    """The peer is gone, silent, or does not speak the protocol."""


class Pdv(Struct, frozen=True):
    """One presentation data value (PS3.8 9.3.5): a fragment of a command set or of a data set."""

    context_id: int
    command: bool
    last: bool
    fragment: memoryview


def pdu(kind: int, body: bytes) -> bytes:
    """Encode a PDU."""
    return struct.pack(">BxI", kind, len(body)) + body


def command_pdu(context_id: int, command_set: bytes) -> bytes:
    """Encode a command set as one P-DATA-TF PDU."""
    head = struct.pack(">IBB", len(command_set) + 2, context_id, _COMMAND | _LAST)
    return pdu(P_DATA_TF, head + command_set)


def pdvs(body: memoryview) -> Iterator[Pdv]:
    """Yield the PDVs of a P-DATA-TF PDU; raises `BrokenError` where they do not fit it."""
    at = 0
    while at < len(body):
        if at + _HEADER > len(body):
            raise BrokenError("a PDV is cut short")
        length, context_id, control = struct.unpack_from(">IBB", body, at)
        end = at + 4 + length
        if length < 2 or end > len(body):
            raise BrokenError("a PDV does not fit its PDU")
        yield Pdv(context_id, bool(control & _COMMAND), bool(control & _LAST), body[at + 6 : end])
        at = end


class Line:
    """A connection without a time limit, which would cost a system call for each of its own.

    `waiting` is since when its peer has been waited for, infinite while it is not: who watches it
    ends a silent one from another thread.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._sending = False
        self.waiting = math.inf

    def receive(self) -> bytes:
        """Return what comes next, at least a byte; raises `BrokenError`."""
        self.waiting = time.monotonic()
        try:
            data = self._connection.recv(_READ)
        except OSError as error:
            raise BrokenError(error.strerror or "silent") from error
        finally:
            self.waiting = math.inf
        if not data:
            raise BrokenError("the peer closed the connection, or was silent")
        return data

    def send(self, data: bytes) -> None:
        """Send all of it, if the peer is there."""
        self.waiting, self._sending = time.monotonic(), True
        with contextlib.suppress(OSError):
            self._connection.sendall(data)
        self.waiting, self._sending = math.inf, False

    def end_silence(self) -> None:
        """Have the wait end as if the peer was gone; an A-ABORT can still be sent to it."""
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR if self._sending else socket.SHUT_RD)


class PduReader:
    """Reads PDUs from a line in large pieces."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._data = memoryview(b"")

    def next(self) -> tuple[int, memoryview]:
        """Return type and variable field of the next PDU; raises `BrokenError`."""
        self._need(_HEADER)
        kind, length = struct.unpack_from(">BxI", self._data)
        if length > _LONGEST:
            raise BrokenError("a PDU is too long to be one")
        end = _HEADER + length
        self._need(end)
        body, self._data = self._data[_HEADER:end], self._data[end:]
        return kind, body

    def _need(self, size: int) -> None:
        """Wait for `size` bytes."""
        if len(self._data) >= size:
            return
        parts, there = [self._data], len(self._data)
        while there < size:
            data = self._line.receive()
            parts.append(memoryview(data))
            there += len(data)
        self._data = memoryview(b"".join(parts)) if len(parts) > 2 or len(parts[0]) else parts[1]
