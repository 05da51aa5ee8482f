"""Hold pynetdicom's own thread of an association, so that it takes no answer for a request."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pynetdicom.association import Association

_PATIENCE = 0.05


class Gate:
    """Stands in for the event at which an association's thread waits while a request is made.

    pynetdicom opens and closes it around every request, and looks at a flag that may be stale
    to see whether its thread has stopped: now and then the thread then takes one of the answers
    off the queue and drops it without a word. Here it is held from the first request to the last.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._held = True
        self._parked = False

    def hold(self, association: Association) -> None:
        """Put the gate in place and return once the association's thread waits at it."""
        association._reactor_checkpoint = self  # type: ignore[assignment]  # noqa: SLF001
        with self._changed:
            while not self._parked and association.is_alive():
                self._changed.wait(_PATIENCE)

    def open(self) -> None:
        """Let the thread go on, to end."""
        with self._changed:
            self._held = False
            self._changed.notify_all()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait at the gate; called by the association's thread."""
        with self._changed:
            while self._held:
                self._parked = True
                self._changed.notify_all()
                if not self._changed.wait(timeout) and timeout is not None:
                    break
            self._parked = False
        return True

    def set(self) -> None:
        """Do nothing: a request that ended does not free the thread."""

    def clear(self) -> None:
        """Do nothing: the thread is held already."""

    def is_set(self) -> bool:
        """Tell whether the thread may pass."""
        return not self._held
