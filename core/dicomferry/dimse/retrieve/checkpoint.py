"""Holds pynetdicom's association thread for certain while a response is waited for."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

_PATIENCE = 5.0
"""Seconds after which the association's thread has ended rather than is late."""


class Checkpoint(threading.Event):
    """Takes the place of `Association._reactor_checkpoint`.

    pynetdicom clears an Event and then looks at a flag that its thread also sets in passing; once
    in some thousand messages the thread runs on and swallows the response, and the association
    seems to have been lost. This one knows whether the thread stands.
    """

    def __init__(self) -> None:
        super().__init__()
        self._state = threading.Condition()
        self._open = True
        self._stands = False

    def is_set(self) -> bool:
        """Say whether the thread may run."""
        return self._open

    def set(self) -> None:
        """Let the thread run."""
        with self._state:
            self._open = True
            self._state.notify_all()

    def clear(self) -> None:
        """Let the thread run into `wait`, without waiting for it."""
        with self._state:
            self._open = False

    def wait(self, timeout: float | None = None) -> bool:
        """Stand here until the thread may run; called by the thread."""
        with self._state:
            self._stands = not self._open
            self._state.notify_all()
            try:
                return self._state.wait_for(lambda: self._open, timeout)
            finally:
                self._stands = False

    @contextmanager
    def held(self) -> Iterator[bool]:
        """Hold the thread; False when it never came, because the association is over."""
        with self._state:
            self._open = False
            held = self._state.wait_for(lambda: self._stands, _PATIENCE)
        try:
            yield held
        finally:
            self.set()
