"""How often an instance is sent again, after how long, and when a receiver is given up on."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

from msgspec import Struct

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
"""Seconds of back-off: doubled from the first to the longest."""

MOST_SILENCES = 2
COOL_DOWN = 60.0


class Trouble(Struct, frozen=True):
    """Why an instance is not stored though sending it again may help, `most` times.

    `silent` when the receiver could not be spoken to at all: it hung, or it was not there.
    """

    reason: str
    most: int
    silent: bool = False


class BackOff(Struct, frozen=True):
    """Waits between two attempts, `sleep` being injectable for tests."""

    sleep: Callable[[float], None] = time.sleep

    def wait(self, attempt: int) -> None:
        """Wait after failed `attempt` (from 1), by half to the whole of a doubling time.

        The jitter keeps associations that failed together from coming back together.
        """
        longest = min(FIRST_PAUSE * 2 ** min(attempt - 1, 16), LONGEST_PAUSE)
        self.sleep(longest * random.SystemRandom().uniform(0.5, 1.0))


class Breaker:
    """Keeps a dead receiver from costing a time limit for each instance.

    When `MOST_SILENCES` instances in a row were given up on because the receiver did not speak,
    nothing is tried for `COOL_DOWN` seconds; then one more silence is enough.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._silences = 0
        self._closed_until = 0.0
        self.has_answered = False

    @property
    def tripped(self) -> bool:
        """Whether nothing should be tried now."""
        return self._silences >= MOST_SILENCES and self._clock() < self._closed_until

    def answered(self) -> None:
        """Note that the receiver spoke."""
        self._silences = 0
        self.has_answered = True

    def silence(self) -> None:
        """Note that something was given up on because the receiver did not speak."""
        self._silences += 1
        self._closed_until = self._clock() + COOL_DOWN
