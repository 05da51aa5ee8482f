"""Builds sessions that have become quiet: at once, or as a machine with little to spare does."""

from __future__ import annotations

import time
from collections.abc import Callable

from dicomferry.contract import Faults, SessionStatus
from dicomferry_plugins._stand_in.site.holdings import Holdings
from dicomferry_plugins._stand_in.site.sessions import ReceivedSession


class Builder:
    """Builds the sessions of `holdings`. Used under its owner's lock.

    With `wedge_above` of the faults each build takes time. Builds share a machine that has room for
    half of `wedge_above`: with more at once each takes longer. Above `wedge_above` the builder is
    `stuck`, for good and without a word, as an XNAT was whose builds held one another up.
    """

    def __init__(
        self, holdings: Holdings, faults: Faults, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._holdings = holdings
        self._most = faults.wedge_above
        self._room = max(1, faults.wedge_above // 2)
        self._seconds = faults.build_ms / 1000
        self._clock = clock
        self._moment = clock()
        self._left: list[tuple[ReceivedSession, float]] = []
        self.stuck = False
        self.peak = 0
        """The most sessions that were being built at the same time."""

    @property
    def takes_time(self) -> bool:
        """Whether builds take time, so that several can be under way at once."""
        return bool(self._most)

    @property
    def busy(self) -> bool:
        """Whether a session is being built, and will be."""
        return bool(self._left) and not self.stuck

    def begin(self, idle: float) -> list[ReceivedSession]:
        """Begin to build what was quiet for `idle` seconds; return what left the prearchive."""
        if not self.takes_time:
            return self._holdings.build(idle)
        left = self.go_on()
        for session in self._holdings.quiet(idle):
            session.status = SessionStatus.BUILDING
            self._left.append((session, self._seconds))
        self.peak = max(self.peak, len(self._left))
        self.stuck = self.stuck or len(self._left) > self._most
        return left

    def go_on(self) -> list[ReceivedSession]:
        """Build for the time that went by since the last call; return what left the prearchive."""
        now = self._clock()
        passed, self._moment = now - self._moment, now
        # What received more meanwhile is built anew once it is quiet again.
        building = [one for one in self._left if one[0].status is SessionStatus.BUILDING]
        if self.stuck or not building:
            self._left = building
            return []
        share = min(1.0, self._room / len(building)) * passed
        self._left = [(session, left - share) for session, left in building if left > share]
        built = [session for session, left in building if left <= share]
        return [session for session in built if self._holdings.commit(session)]
