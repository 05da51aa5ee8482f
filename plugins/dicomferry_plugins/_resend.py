"""Resending: pauses between attempts, and a breaker for a receiver that does not answer."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

from msgspec import Struct

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
"""Seconds between attempts: the pause doubles from the first to the longest."""

MOST_SILENCES = 2
"""How many instances in a row may fail in silence before the breaker opens."""
COOL_DOWN = 60.0
"""Seconds without attempts after that."""


class Trouble(Struct, frozen=True):
    """The reason why an instance is not stored; it may be sent again `most` times.

    `silent` says that the receiver did not answer: it hung, or it was unreachable. `broken` says
    that it ended the association in the middle of the instance.
    """

    reason: str
    most: int
    silent: bool = False
    broken: bool = False


class BackOff(Struct, frozen=True):
    """Waits between two attempts; tests replace `sleep`."""

    sleep: Callable[[float], None] = time.sleep

    def wait(self, attempt: int) -> None:
        """Wait after failed `attempt` (from 1): between half of the doubled pause and all of it.

        The random part keeps associations that failed together from returning together.
        """
        longest = min(FIRST_PAUSE * 2 ** min(attempt - 1, 16), LONGEST_PAUSE)
        self.sleep(longest * random.SystemRandom().uniform(0.5, 1.0))


class Breaker:
    """Stops attempts to a silent receiver, since each would wait for a time limit.

    After `MOST_SILENCES` silent instances in a row, the sink tries nothing for `COOL_DOWN` seconds.
    After that, one more silent instance stops it again.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._silences = 0
        self._closed_until = 0.0
        self.has_answered = False

    @property
    def tripped(self) -> bool:
        """Whether the sink must not try now."""
        return self._silences >= MOST_SILENCES and self._clock() < self._closed_until

    def answered(self) -> None:
        """Note that the receiver answered."""
        self._silences = 0
        self.has_answered = True

    def silence(self) -> None:
        """Note that an instance failed because the receiver did not answer."""
        self._silences += 1
        self._closed_until = self._clock() + COOL_DOWN
