"""Pace an XNAT by what it says is outstanding."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Final

from msgspec import Struct

from dicomferry.engine.deliver.pacing.limit import BuiltSession, SessionLimit, harmless
from dicomferry.model import Destination
from dicomferry.xnat.rest import DeniedError, OutstandingSession, RestError

_SHORTEST: Final = 0.05
_LONGEST: Final = 10.0
"""Seconds between two questions, where the limit is reached; else it is the longest."""
_SHARE: Final = 10
"""Questions take no more than one part in so many of the time, unless sessions would be missed."""
_LOOKS: Final = 8
"""Times that XNAT is to be asked while a session is there."""

_PAUSE: Final = 4
"""Questions that are so many times as far apart as they are to be have a pause between them."""

Key = tuple[str | None, str]
Look = Callable[[], Sequence[OutstandingSession]]


class _Sent(Struct):
    """A session of ours of so many objects: when its last one went, None before.

    XNAT named it `looks` times since. `began` is when it was seen being built first, and how long
    before that it was not; `seen` is when it was seen last, and `at_once` the most sessions that
    were seen being built with it.
    """

    objects: int = 1
    closed: float | None = None
    looks: int = 0
    began: tuple[float, float] = (0.0, 0.0)
    seen: float = 0.0
    at_once: int = 0

    def watch(self, asked: float, passed: float, at_once: int) -> None:
        """Note that it was being built when XNAT was `asked`, `passed` after the time before."""
        if not self.at_once:
            self.began = (asked, min(passed, asked - (self.closed or asked)))
        self.seen, self.at_once = asked, max(self.at_once, at_once)

    def built(self, asked: float, passed: float, stay: float, *, pressed: bool) -> BuiltSession:
        """Return what is known of its build, which was over when XNAT was `asked`.

        It was not, so many seconds before. `stay` is the shortest time that a session was there:
        one that was there for longer may have waited for others, to be built with them.
        """
        if not self.at_once:
            waited = asked - passed - (self.closed or asked) - stay
            within = passed + max(0.0, waited)
            return BuiltSession(0.0, 0.0, 0, pressed, self.objects, self.looks, within)
        first, before = self.began
        grain = (asked - self.seen + before) / 2
        seconds = self.seen - first + grain
        return BuiltSession(seconds, grain, self.at_once, pressed, self.objects, self.looks)


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
        self._gap = _SHORTEST
        self._asked = False
        self._stay = float("inf")
        self._progress = clock()
        self._pressed = False
        self._unanswered = ""
        self.stopped = ""
        self.hint = ""

    def may_open(self) -> bool:
        """Tell whether one more session may be opened now; asks XNAT where that is due."""
        if self.stopped:
            return False
        now, allowed = self._clock(), self._allowed()
        self._pressed = self._pressed or not allowed
        if now >= self._due and (not allowed or now - self._looked >= _LONGEST):
            self._ask()
        return not self.stopped and self._allowed()

    def _allowed(self) -> bool:
        """Tell whether one more session may be opened, by what is known."""
        known = not self._unanswered and self._ignored is not None
        return known and len(self._ours) + self._others < self._limit.now

    def opened(self, destination: Destination, objects: int) -> None:
        """Note that a session is on its way, and of how many objects it is."""
        if not self._ours:
            self._progress = self._clock()
        self._ours[destination.project, destination.session] = _Sent(objects)

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
        took = now - asked
        closed = [sent.closed for sent in self._ours.values() if sent.closed is not None]
        stay = min(self._stay, now - min(closed, default=now) or self._stay)
        # The first question logs in, too: it does not tell how long they take.
        often = max(2 * took, min(_SHARE * took, stay / _LOOKS)) if self._asked else 0.0
        self._asked = True
        self._gap = min(_LONGEST, max(_SHORTEST, often))
        self._due = now + self._gap
        self._watch(now)

    def _take(self, sessions: Sequence[OutstandingSession], asked: float) -> None:
        """Compare what is outstanding with what was, as it was `asked`."""
        if self._ignored is None:
            self._ignored = frozenset(one.route for one in sessions if one.receiving)
        passed, self._looked = asked - self._looked, asked
        there = {one.key: one for one in sessions}
        building = [one for one in sessions if not one.receiving]
        for key, sent in self._ours.items():
            sent.looks += key in there and sent.closed is not None
        for one in building:
            if ours := self._ours.get(one.key):
                ours.watch(asked, passed, len(building))
        gone = {
            key: asked - sent.closed
            for key, sent in self._ours.items()
            if key not in there and sent.closed is not None and sent.closed < asked
        }
        self._stay = min([self._stay, *gone.values()])
        built = [
            self._ours.pop(key).built(asked, passed, self._stay, pressed=self._pressed)
            for key in gone
        ]
        # After a pause nobody can tell for how long they were built, unless it was short.
        if passed < _PAUSE * self._gap or harmless(built):
            self._limit.built(built)
        if gone:
            self._progress, self._pressed = asked, False
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
