"""Answers of servers to sources: kept in the ledger, asked for within a server's manners."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator
from datetime import datetime

from msgspec import Struct, field

from dicomferry.contract.fetcher import Manners
from dicomferry.engine.plan.problems.kinds import problem
from dicomferry.engine.retrieve.courtesy import Courtesy
from dicomferry.engine.retrieve.hours import is_open, next_opening, wait_until_open
from dicomferry.engine.retrieve.pace import Pace
from dicomferry.errors import FerryError
from dicomferry.ledger import Ledger
from dicomferry.ledger.planning.answers import (
    KeptAnswer,
    forget_answers,
    keep_answer,
    kept_answer,
)
from dicomferry.model import Problem


class Used(Struct):
    """How many answers a plan was made of: asked for, and kept from before, the oldest at `at`."""

    asked: int = 0
    kept: int = 0
    at: float = float("inf")

    def __str__(self) -> str:
        oldest = datetime.fromtimestamp(self.at)  # noqa: DTZ006  the clock on the wall
        when = f"{oldest:%Y-%m-%d %H:%M}"
        kept = f"{self.kept:,} answers to sources are kept from before, the oldest of {when}"
        if self.kept == 1:
            kept = f"1 answer to a source is kept from before, of {when}"
        return f"{kept}; {self.asked:,} {'was' if self.asked == 1 else 'were'} asked for now"


class AnswerBook(Struct):
    """What the servers of a recipe have answered; sources get theirs by `of`.

    `ledger` is where answers are kept; None until it is open. `used` counts by server, since the
    last `begin`, which was at `begun`: an answer that a plan asked for itself, and uses again, was
    not kept from before. All sources that ask one server share its pace.
    """

    ledger: Ledger | None = None
    courtesy: Courtesy = Courtesy()
    used: dict[str, Used] = field(default_factory=dict)
    clock: Callable[[], float] = time.time
    now: Callable[[], datetime] = datetime.now
    ticks: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    begun: float = float("inf")
    _paces: dict[str, Pace] = field(default_factory=dict)

    def begin(self, courtesy: Courtesy) -> None:
        """Count anew, and treat servers by `courtesy` from here on."""
        self.courtesy = courtesy
        self.begun = self.clock()
        self.used.clear()

    def of(self, server: str, manners: Manners, valid: float) -> ServerAnswers:
        """Return the answers of one server, valid for so many seconds."""
        return ServerAnswers(self, server, manners, valid)

    def pace(self, server: str, interval: float) -> Pace:
        """Return the pace of a server, whose requests are so many seconds apart."""
        pace = self._paces.setdefault(server, Pace(clock=self.ticks, sleep=self.sleep))
        pace.interval = interval
        return pace

    def count(self, server: str) -> Used:
        """Return what was used of a server, to be counted on."""
        return self.used.setdefault(server, Used())

    def problems(self) -> Iterator[Problem]:
        """Yield a note for each server of which a plan has kept answers."""
        for server, used in self.used.items():
            if used.kept:
                yield problem("answers-kept", f"{server}: {used}")


class ServerAnswers(Struct, frozen=True):
    """Implements `Answers` for one server."""

    book: AnswerBook
    server: str
    manners: Manners
    valid: float

    def kept(self, question: str) -> bytes | None:
        """Return the answer to a question; None where there is none that is still valid."""
        ledger = self.book.ledger
        if ledger is None or not self.valid:
            return None
        found = kept_answer(ledger, self.server, question, self.book.clock() - self.valid)
        if found is None:
            return None
        if found.at < self.book.begun:
            used = self.book.count(self.server)
            used.kept += 1
            used.at = min(used.at, found.at)
        return found.answer

    def keep(self, question: str, answer: bytes, studies: Collection[str] = ()) -> None:
        """Keep an answer in place of an earlier one."""
        if self.book.ledger is not None and self.valid:
            kept = KeptAnswer(answer, self.book.clock())
            keep_answer(self.book.ledger, self.server, question, kept, studies)

    def forget(self, study_instance_uid: str) -> None:
        """Forget every answer of this server that tells of a study."""
        if self.book.ledger is not None:
            forget_answers(self.book.ledger, self.server, study_instance_uid)

    def turn(self) -> None:
        """Wait until the server may be asked, and count a request; raises outside its hours."""
        self._wait_for_hours()
        rate = self.manners.requests_per_minute
        pace = self.book.pace(self.server, 60 / rate if rate else 0.0)
        # A signal ends a plan by raising.
        pace.wait(lambda: False)
        pace.asked()
        self.book.count(self.server).asked += 1

    def _wait_for_hours(self) -> None:
        book, hours = self.book, self.manners.hours
        if book.courtesy.now or is_open(hours, book.now()):
            return
        opening = next_opening(hours, book.now())
        if book.courtesy.wait and opening is not None:
            wait_until_open(hours, book.now, book.sleep, lambda: False)
            return
        asked = book.count(self.server).asked
        when = f"; they begin again {opening:%a %H:%M}" if opening else ""
        so_far = f", after {asked:,} questions whose answers are kept" if asked else ""
        raise FerryError(
            f"outside the hours of {self.server}{when}{so_far}",
            hint="plan again then, or with --wait-for-hours, or with --now if the PACS's people"
            " agree",
        )
