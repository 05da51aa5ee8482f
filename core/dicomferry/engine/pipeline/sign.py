"""The sign of life of a worker: what it is at, where the main process can see it.

Code that waits for a disk that does not answer hears no signal and cannot say so. The sign is
memory that both share: to change it costs no system call.
"""

from __future__ import annotations

import ctypes

LONGEST = 3999
"""Bytes of a step's name, or of a path, that a sign has room for; all of it fits in a page."""


class Sign(ctypes.Structure):
    """What a worker is at.

    `turn` is another number for each item, and 0 between items. `read` is another one for each read
    of what is sent, and 0 between reads. Each of them may take `seconds`; 0 is no limit. `item` is
    the item's id, 0 where it has none, `at` the step that it is at.
    """

    _fields_ = (
        ("turn", ctypes.c_long),
        ("read", ctypes.c_long),
        ("item", ctypes.c_long),
        ("seconds", ctypes.c_long),
        ("at", ctypes.c_char * (LONGEST + 1)),
    )

    turn: int
    read: int
    item: int
    seconds: int
    at: bytes


def shown_path(path: str) -> bytes:
    """Return what a sign shows of a path; a long one loses its beginning."""
    return path.encode(errors="replace")[-LONGEST:]
