"""How many sessions may be outstanding at an XNAT: as the recipe says, or as is found out."""

from __future__ import annotations

from typing import Final, Protocol

from msgspec import Struct

_FIRST: Final = 4
"""Sessions to begin with: fewer than any public report blames."""
_SLOWER: Final = 1.5
"""Builds that take so many times as long as the fastest ones are too many at once."""
_LESS: Final = 0.85
_LEAST_ROUND: Final = 8


class BuiltSession(Struct, frozen=True):
    """A session that was built: how long it took in seconds, known to within `grain` seconds.

    `at_once` is the most sessions that were seen being built at the same time. `pressed` says that
    another session was ready to be sent.
    """

    seconds: float
    grain: float
    at_once: int
    pressed: bool


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

    It is judged anew each time that a round of sessions was built. A round whose builds took half
    as long again as those of the fastest round takes a part of the limit away. Another one adds a
    session, but to no more than one and a half above what was built at once without harm: sessions
    that wait today may all be built at the same moment tomorrow. Where builds are too quick to be
    seen at all, the limit doubles.
    """

    def __init__(self) -> None:
        self._limit = float(_FIRST)
        self._round: list[BuiltSession] = []
        self._fastest: float | None = None
        self._harmless = 0.0

    @property
    def now(self) -> int:
        """The number of sessions; at least one."""
        return int(self._limit)

    def built(self, session: BuiltSession) -> None:
        """Note a session that was built."""
        self._round.append(session)
        if len(self._round) >= max(_LEAST_ROUND, self.now):
            sessions, self._round = self._round, []
            self._judge(sessions)

    def _judge(self, sessions: list[BuiltSession]) -> None:
        seconds = sum(one.seconds for one in sessions) / len(sessions)
        at_once = sum(one.at_once for one in sessions) / len(sessions)
        grain = max(one.grain for one in sessions)
        self._fastest = seconds if self._fastest is None else min(self._fastest, seconds)
        if seconds > max(_SLOWER * self._fastest, self._fastest + grain / 2):
            self._limit = max(1.0, self._limit * _LESS)
            self._harmless = min(self._harmless, self._limit)
        elif any(one.pressed for one in sessions):
            self._harmless = max(self._harmless, at_once)
            more = min(self._limit + 1, self._harmless + 1.5) if at_once else 2 * self._limit
            self._limit = max(self._limit, more)
