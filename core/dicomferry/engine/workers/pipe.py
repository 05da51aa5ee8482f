"""Pickled values in the pipes between the main process and its workers.

`Connection.send` looks up a registered reducer for every value, which takes as long as all the
rest: `packed` calls pickle directly.
"""

from __future__ import annotations

import os
import pickle
import socket
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.context import ForkContext, SpawnContext
from typing import Any

ROOM = 96 << 10
"""Bytes that a pipe holds before anybody reads them, in a dozen pieces or fewer."""


def open_pipe(context: ForkContext | SpawnContext) -> tuple[Connection, Connection]:
    """Return both ends of a pipe with room for `ROOM` bytes each way."""
    ends = context.Pipe()
    for end in ends:
        with socket.socket(fileno=os.dup(end.fileno())) as plain:
            # Some systems give 8 KiB unless asked for more, and each piece has a cost of its own.
            for option in (socket.SO_SNDBUF, socket.SO_RCVBUF):
                plain.setsockopt(socket.SOL_SOCKET, option, 2 * ROOM)
    return ends


def hang_up(connection: Connection) -> None:
    """Close an end so that the other side reads its end at once.

    A process that was forked meanwhile holds the end open, too.
    """
    with suppress(OSError), socket.socket(fileno=os.dup(connection.fileno())) as plain:
        plain.shutdown(socket.SHUT_RDWR)
    connection.close()


def packed(value: object) -> bytes:
    """Return a value as it goes through a pipe, by `Connection.send_bytes`."""
    return pickle.dumps(value, pickle.HIGHEST_PROTOCOL)


def send(connection: Connection, value: object) -> None:
    """Send a value."""
    connection.send_bytes(packed(value))


def send_or_end(connection: Connection, data: bytes) -> None:
    """Send what is packed; where that fails, the other side reads an end and ends, too.

    It would wait for good for what was lost.
    """
    try:
        connection.send_bytes(data)
    except OSError:
        with suppress(OSError):  # the other side has gone
            _end(connection)


def _end(connection: Connection) -> None:
    plain = socket.socket(fileno=connection.fileno())
    try:
        plain.shutdown(socket.SHUT_WR)
    finally:
        plain.detach()


def receive(connection: Connection) -> Any:
    """Return the next value; raises `EOFError` when the other side has gone."""
    return pickle.loads(connection.recv_bytes())  # noqa: S301  from a process of our own
