"""Pace an XNAT that cannot be asked: by what is known of how long it waits."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from dicomferry.model import Destination

UNASKED_LIMIT: Final = 8
"""Sessions at once that no public report blames."""


class QuietPace:
    """Takes a session to be outstanding until `seconds` after its last object.

    Nobody can tell how long XNAT builds, so the limit stays, and a wedge is not seen.
    """

    stopped = ""
    hint = ""

    def __init__(
        self, most: int, seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._most = most
        self._seconds = seconds
        self._clock = clock
        self._until: dict[Destination, float] = {}

    def may_open(self) -> bool:
        """Tell whether one more session may be opened now."""
        now = self._clock()
        self._until = {place: until for place, until in self._until.items() if until > now}
        return len(self._until) < self._most

    def opened(self, destination: Destination, objects: int) -> None:  # noqa: ARG002
        """Note that a session is on its way, and of how many objects it is."""
        self._until[destination] = float("inf")

    def closed(self, destination: Destination) -> None:
        """Note that the last object of a session has been sent."""
        self._until[destination] = self._clock() + self._seconds
