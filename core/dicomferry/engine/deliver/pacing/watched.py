"""Pace an XNAT by what it says is outstanding."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Final

from msgspec import Struct

from dicomferry.engine.deliver.pacing.limit import BuiltSession, SessionLimit
from dicomferry.model import Destination
from dicomferry.xnat.rest import DeniedError, OutstandingSession, RestError

_SHORTEST: Final = 0.05
_LONGEST: Final = 10.0
"""Seconds between two questions."""
_SHARE: Final = 10
"""Questions take no more than one part in so many of the time."""

Key = tuple[str | None, str]
Look = Callable[[], Sequence[OutstandingSession]]


class _Sent(Struct):
    """A session of ours: when its last object went, None before, and how long it is being built."""

    closed: float | None = None
    building: float = 0.0


class WatchedPace:
    """Counts what `look` says is outstanding, and what was sent since.

    Sessions that were being received before the first look and are not ours are left out: an
    upload that somebody forgot stays so for ever. When nothing was built for `patience` seconds,
    or XNAT could not be asked for so long, the pace is `stopped`.
    """

    def __init__(
        self, name: str, look: Look, limit: SessionLimit, patience: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._name = name
        self._look = look
        self._limit = limit
        self._patience = patience
        self._clock = clock
        self._ours: dict[Key, _Sent] = {}
        self._others = 0
        self._ignored: frozenset[str] | None = None
        self._looked = clock()
        self._due = clock()
        self._progress = clock()
        self._at_once = 0
        self._pressed = False
        self._unanswered = ""
        self.stopped = ""
        self.hint = ""

    def may_open(self) -> bool:
        """Tell whether one more session may be opened now; asks XNAT where that is due."""
        if not self.stopped and self._clock() >= self._due:
            self._ask()
        if self.stopped or self._unanswered or self._ignored is None:
            return False
        allowed = len(self._ours) + self._others < self._limit.now
        self._pressed = self._pressed or not allowed
        return allowed

    def opened(self, destination: Destination) -> None:
        """Note that a session is on its way."""
        if not self._ours:
            self._progress = self._clock()
        self._ours[destination.project, destination.session] = _Sent()

    def closed(self, destination: Destination) -> None:
        """Note that the last object of a session has been sent."""
        if sent := self._ours.get((destination.project, destination.session)):
            sent.closed = self._clock()

    def _ask(self) -> None:
        asked = self._clock()
        try:
            sessions = self._look()
        except DeniedError as error:
            self._stop(
                f"{self._name} cannot be paced: {error.message}",
                "the login must see the prearchive; without rest: quiet periods are kept",
            )
            return
        except RestError as error:
            self._unanswered = error.message
        else:
            self._unanswered = ""
            self._take(sessions, asked)
        now = self._clock()
        self._due = now + min(_LONGEST, max(_SHORTEST, _SHARE * (now - asked)))
        self._watch(now)

    def _take(self, sessions: Sequence[OutstandingSession], asked: float) -> None:
        """Compare what is outstanding with what was, as it was `asked`."""
        if self._ignored is None:
            self._ignored = frozenset(one.route for one in sessions if one.receiving)
        passed, self._looked = asked - self._looked, asked
        there = {one.key: one for one in sessions}
        building = [one for one in sessions if not one.receiving]
        self._at_once = max(self._at_once, len(building))
        for one in building:
            if sent := self._ours.get(one.key):
                sent.building += passed
        gone = [
            key
            for key, sent in self._ours.items()
            if key not in there and sent.closed is not None and sent.closed < asked
        ]
        for key in gone:
            seconds = self._ours.pop(key).building
            self._limit.built(BuiltSession(seconds, passed, self._at_once, self._pressed))
        if gone:
            self._progress, self._at_once, self._pressed = asked, len(building), False
        self._others = sum(
            one.key not in self._ours and not (one.receiving and one.route in self._ignored)
            for one in sessions
        )

    def _watch(self, now: float) -> None:
        """Stop where nothing was built, or said, for too long."""
        quiet = [sent.closed for sent in self._ours.values() if sent.closed is not None]
        since = max(self._progress, min(quiet, default=now))
        if self._unanswered and now - self._looked > self._patience:
            self._stop(
                f"{self._name} does not say what it has to build: {self._unanswered}",
                "what was sent is stored; run again when it answers",
            )
        elif quiet and now - since > self._patience:
            self._stop(
                f"{self._name} has built nothing for {now - since:.0f} s, with {len(quiet)}"
                " sessions outstanding: it seems to be stuck, and nothing more is sent",
                "look into its log and prearchive; a restart may free it. What was sent is stored"
                " there; run again with fewer outstanding: under pace:",
            )  # fmt: skip

    def _stop(self, why: str, hint: str) -> None:
        self.stopped, self.hint = why, hint
