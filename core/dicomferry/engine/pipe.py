"""What goes between the main process and its workers, pickled without detours.

`Connection.send` asks for every value whether a type of its own is registered for it, which costs
as much as the rest.
"""

from __future__ import annotations

import pickle
from multiprocessing.connection import Connection
from typing import Any


def packed(value: object) -> bytes:
    """Return a value as it goes through a pipe, by `Connection.send_bytes`."""
    return pickle.dumps(value, pickle.HIGHEST_PROTOCOL)


def send(connection: Connection, value: object) -> None:
    """Send a value."""
    connection.send_bytes(packed(value))


def receive(connection: Connection) -> Any:
    """Return the next value; raises `EOFError` when the other side has gone."""
    return pickle.loads(connection.recv_bytes())  # noqa: S301  from a process of our own
