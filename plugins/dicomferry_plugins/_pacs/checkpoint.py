"""A checkpoint that holds pynetdicom's association thread while the caller awaits a response."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

_PATIENCE = 5.0
"""Seconds that the association's thread gets to reach the checkpoint; then it has ended."""


class Checkpoint(threading.Event):
    """Replaces `Association._reactor_checkpoint`.

    pynetdicom clears an Event, then reads a flag that its thread may set at the same moment. About
    once in a thousand messages the thread then runs on and consumes the response, and the
    association seems lost. This class knows whether the thread waits.
    """

    def __init__(self) -> None:
        super().__init__()
        self._state = threading.Condition()
        self._open = True
        self._waiting = False

    def is_set(self) -> bool:
        """Say whether the thread may run."""
        return self._open

    def set(self) -> None:
        """Let the thread run."""
        with self._state:
            self._open = True
            self._state.notify_all()

    def clear(self) -> None:
        """Close the checkpoint without waiting for the thread to reach it."""
        with self._state:
            self._open = False

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the thread may run; the thread itself calls this."""
        with self._state:
            self._waiting = not self._open
            self._state.notify_all()
            try:
                return self._state.wait_for(lambda: self._open, timeout)
            finally:
                self._waiting = False

    @contextmanager
    def held(self) -> Iterator[bool]:
        """Hold the thread; yield False when it has not come because the association has ended."""
        with self._state:
            self._open = False
            held = self._state.wait_for(lambda: self._waiting, _PATIENCE)
        try:
            yield held
        finally:
            self.set()
