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
_UNHURT: Final = 1.15
_TAKEN: Final = 1.5
_SLOWER: Final = 1.75
"""Builds that take so many times as long as usual are not hurt by one another, do well still, or
are too many at once."""
_LESS: Final = 0.85
_LOOKS: Final = 3
"""Looks at a session that say how long its build took."""
_IN_VAIN: Final = 2
"""Looks for each session of the limit that say, without a build, that builds are too quick to be
seen: with four times as many sessions, six may then be built at once, by 19 chances of 20."""
_MUCH_MORE: Final = 4
_LEAST_ROUND: Final = 8
_LONG_ROUND: Final = 4


class BuiltSession(Struct, frozen=True):
    """A session of so many `objects` that was built, in `seconds`, known to within `grain` seconds.

    `at_once` is the most sessions that were seen being built at the same time, 0 where its own
    build was not seen. `pressed` says that another session was ready to be sent. XNAT named the
    session `looks` times after its last object.
    """

    seconds: float
    grain: float
    at_once: int
    pressed: bool
    objects: int = 1
    looks: int = _LOOKS


class SessionLimit(Protocol):
    """How many sessions may be outstanding."""

    @property
    def now(self) -> int:
        """The number of sessions; at least one."""

    def built(self, session: BuiltSession) -> None:
        """Note a session that was built."""


class GivenLimit(Struct, frozen=True):
    """The limit that the recipe gives."""

    now: int

    def built(self, session: BuiltSession) -> None:
        """Note nothing: the limit stays."""


class FoundLimit:
    """A limit found by build times: additive increase, multiplicative decrease.

    It is judged anew each time that a round of sessions was built, by how much longer their builds
    took than is usual for sessions of their size:

    * Most took much longer: a part of the limit is taken away.
    * Most took no longer: one more session, up to 8, which no public report blames.
    * Beyond 8 hardly any may have taken longer, and no more is added than one and a half above
      what was built at once: sessions that wait today may all be built at one moment tomorrow.
    * No look saw a build, and there were many: the limit is four times as high.
    """

    def __init__(self) -> None:
        self._limit = float(_FIRST)
        self._round: list[BuiltSession] = []
        self._looks = 0
        self._seen = False
        self._pressed = False
        self._usual = UsualTimes()

    @property
    def now(self) -> int:
        """The number of sessions; at least one."""
        return int(self._limit)

    def built(self, session: BuiltSession) -> None:
        """Note a session that was built."""
        self._looks += session.looks
        self._seen = self._seen or session.at_once > 0
        self._pressed = self._pressed or session.pressed
        if session.looks >= _LOOKS:
            self._round.append(session)
        if self._seen and len(self._round) >= self._enough():
            self._judge(self._round)
        elif not self._seen and self._looks >= _IN_VAIN * self.now:
            self._limit *= _MUCH_MORE if self._pressed else 1
        else:
            return
        self._round, self._looks, self._seen, self._pressed = [], 0, False, False

    def _enough(self) -> int:
        """Return how many sessions are a round: several times those that are built together."""
        return max(_LEAST_ROUND, self.now) if self.now < _BLAMELESS else _LONG_ROUND * self.now

    def _judge(self, sessions: Sequence[BuiltSession]) -> None:
        at_once = sum(one.at_once for one in sessions) / len(sessions)
        slow = [self._usual.slowness(one.objects, one.seconds, one.grain) for one in sessions]
        middle = median(least for least, _ in slow)
        if middle > _SLOWER:
            self._limit = max(1.0, self._limit * _LESS)
        elif self._pressed and self._limit < _BLAMELESS and middle <= _TAKEN:
            self._limit += 1
        elif self._pressed and sorted(most for _, most in slow)[len(slow) * 9 // 10] <= _UNHURT:
            self._limit = max(self._limit, min(self._limit + 1, at_once + 1.5))
