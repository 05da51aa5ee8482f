"""How many sessions may be outstanding at an XNAT: as the recipe says, or as is found out."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Final, Protocol

from msgspec import Struct

from dicomferry.engine.deliver.pacing.usual import UsualTimes

_FIRST: Final = 4
"""Sessions to begin with."""
_BLAMELESS: Final = 8
"""Sessions at once that no public report blames."""
_TAKEN: Final = 1.5
_SLOWER: Final = 1.75
"""Builds that take so many times as long as usual do well still, or are too many at once."""
_HARMLESS: Final = 0.5
"""Seconds of a build that are taken to do no harm, however many are built at once."""
_LESS: Final = 0.85
_LOOKS: Final = 3
"""Looks at a session that say how long its build took."""
_IN_VAIN: Final = 2
"""Looks for each session of the limit that say, without a build, that builds are quick."""
_FOR_A_LOOK: Final = 2
"""Sessions for each look that saw no build: with so many, no more than six are built at once, by 19
chances of 20."""
_LEAST_ROUND: Final = 8


class BuiltSession(Struct, frozen=True):
    """A session of so many `objects` that was built, in `seconds`, known to within `grain` seconds.

    `at_once` is the most sessions that were seen being built at the same time, 0 where its own
    build was not seen. `pressed` says that another session was ready to be sent. XNAT named the
    session `looks` times after its last object. A build that was not seen took less than `within`
    seconds.
    """

    seconds: float
    grain: float
    at_once: int
    pressed: bool
    objects: int = 1
    looks: int = _LOOKS
    within: float = 0.0


def harmless(sessions: Sequence[BuiltSession]) -> bool:
    """Tell whether builds were too quick to do harm, however many were built at once."""
    if any(one.at_once for one in sessions):
        return False
    return not sessions or median(one.within for one in sessions) <= _HARMLESS


class SessionLimit(Protocol):
    """How many sessions may be outstanding."""

    @property
    def now(self) -> int:
        """The number of sessions; at least one."""

    def built(self, sessions: Sequence[BuiltSession]) -> None:
        """Note the sessions that were built between two questions."""


class GivenLimit(Struct, frozen=True):
    """The limit that the recipe gives."""

    now: int

    def built(self, sessions: Sequence[BuiltSession]) -> None:
        """Note nothing: the limit stays."""


class FoundLimit:
    """A limit found by build times: additive increase, multiplicative decrease.

    It is judged anew each time that a round of sessions was built, by how much longer their builds
    took than is usual for sessions of their size:

    * Most took much longer: a part of the limit is taken away.
    * Most took no longer: one more session, up to 8, which no public report blames. Beyond that
      an XNAT may stop without having been slower before.
    * No look saw a build, and there were many: two sessions for each look, but no more than let 8
      be built at once, if their builds may have taken half a second.
    """

    def __init__(self) -> None:
        self._limit = float(_FIRST)
        self._round: list[BuiltSession] = []
        self._looks = 0
        self._unseen: list[BuiltSession] = []
        self._together = 0
        self._seen = False
        self._pressed = False
        self._usual = UsualTimes()

    @property
    def now(self) -> int:
        """The number of sessions; at least one."""
        return int(self._limit)

    def built(self, sessions: Sequence[BuiltSession]) -> None:
        """Note the sessions that were built between two questions."""
        self._looks += sum(one.looks for one in sessions)
        self._together = max(self._together, len(sessions))
        self._seen = self._seen or any(one.at_once for one in sessions)
        self._pressed = self._pressed or any(one.pressed for one in sessions)
        self._round += [one for one in sessions if one.looks >= _LOOKS]
        self._unseen += [one for one in sessions if not one.at_once]
        if self._seen and len(self._round) >= self._enough():
            self._judge(self._round)
        elif not self._seen and self._looks >= _IN_VAIN * self.now:
            self._grow_unseen()
        else:
            return
        self._round, self._unseen, self._looks, self._together = [], [], 0, 0
        self._seen = self._pressed = False

    def _grow_unseen(self) -> None:
        """Allow more after looks that saw no build.

        What one question found built may have been built at once, and grows as the limit does: it
        is to stay blameless, unless builds are too quick to do harm.
        """
        most: float = _FOR_A_LOOK * self._looks
        if not harmless(self._unseen):
            most = min(most, self._limit * _BLAMELESS / self._together)
        if self._pressed:
            self._limit = max(self._limit, most)

    def _enough(self) -> int:
        """Return how many sessions are a round: as many as may be built together, or more."""
        return max(_LEAST_ROUND, self.now)

    def _judge(self, sessions: Sequence[BuiltSession]) -> None:
        slow = [self._usual.slowness(one.objects, one.seconds, one.grain) for one in sessions]
        middle = median(slow)
        if middle > _SLOWER:
            self._limit = max(1.0, self._limit * _LESS)
        elif self._pressed and self._limit < _BLAMELESS and middle <= _TAKEN:
            self._limit += 1
