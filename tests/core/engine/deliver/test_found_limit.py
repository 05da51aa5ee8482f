"""The limit that is found, at an XNAT that is simulated by a clock of its own."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest
from msgspec import Struct

from dicomferry.engine.deliver.pacing.limit import FoundLimit, GivenLimit, SessionLimit
from dicomferry.engine.deliver.pacing.watched import WatchedPace
from dicomferry.model import Destination
from dicomferry.xnat.rest import OutstandingSession

_STEP = 0.02


class Machine(Struct, frozen=True):
    """An XNAT that builds `room` sessions at once at full speed, and none any more above `most`.

    `most` 0 builds at once. `answers` is how long it takes to list its prearchive; with `disturbed`
    this, sending, and the look for quiet sessions take up to so many times as long. It looks for
    quiet sessions `checks` times in a quiet period.
    """

    most: int = 8
    room: int = 4
    build: float = 0.4
    quiet: float = 0.2
    send: float = 0.01
    answers: float = 0.005
    disturbed: float = 0.0
    sizes: tuple[int, ...] = (1,)
    checks: int = 10


class SimulatedXnat:
    """Receives sessions at the pace of a limit; its clock goes on only when it is used."""

    def __init__(self, machine: Machine, limit: SessionLimit, seed: int = 1) -> None:
        self.now = 0.0
        self.built = 0
        self.stuck = False
        self._machine = machine
        self._random = Random(seed)
        self._receiving: dict[int, float] = {}
        self._building: dict[int, float] = {}
        self._check = 0.0
        self._pace = WatchedPace("XNAT 'x'", self._look, limit, 60, lambda: self.now)

    def take(self, sessions: int) -> float:
        """Take so many sessions; return how many it built a second."""
        sent = 0
        while sent < sessions and not self.stuck:
            assert not self._pace.stopped
            if not self._pace.may_open():
                self._pass(_STEP)
                continue
            place = Destination("P", "S", str(sent))
            self._pace.opened(place, self._size(sent))
            self._pass(self._about(self._machine.send))
            self._receiving[sent] = self.now
            self._pace.closed(place)
            sent += 1
        while (self._receiving or self._building) and not self.stuck:
            self._pass(_STEP)
        return self.built / self.now

    def _size(self, session: int) -> int:
        return self._machine.sizes[session % len(self._machine.sizes)]

    def _about(self, seconds: float) -> float:
        return seconds * (1 + self._machine.disturbed * self._random.random())

    def _look(self) -> list[OutstandingSession]:
        self._pass(self._about(self._machine.answers) / 2)
        answer = list(self._listed())
        self._pass(self._about(self._machine.answers) / 2)
        return answer

    def _listed(self) -> Iterator[OutstandingSession]:
        for sessions, receiving in ((self._receiving, True), (self._building, False)):
            for one in sessions:
                yield OutstandingSession("P", str(one), str(one), receiving)

    def _pass(self, seconds: float) -> None:
        end = self.now + seconds
        while self.now < end - 1e-9:
            step = min(_STEP, end - self.now)
            self.now += step
            self._build(step)
            if self.now >= self._check:
                self._check = self.now + self._about(
                    max(self._machine.quiet / self._machine.checks, _STEP)
                )
                self._begin()

    def _begin(self) -> None:
        before = self.now - self._machine.quiet
        for one in [one for one, since in self._receiving.items() if since <= before]:
            del self._receiving[one]
            if self._machine.most:
                self._building[one] = self._machine.build * self._size(one)
            else:
                self.built += 1
        self.stuck = bool(self._machine.most) and len(self._building) > self._machine.most

    def _build(self, seconds: float) -> None:
        share = min(1.0, self._machine.room / max(1, len(self._building))) * seconds
        for one in list(self._building):
            self._building[one] -= share
            if self._building[one] <= 0:
                del self._building[one]
                self.built += 1


MACHINES = {
    "as the benchmark has it": Machine(),
    "disturbed": Machine(disturbed=3.0),
    "long builds": Machine(build=3.0, quiet=1.0),
    "builds for longer than it waits": Machine(build=2.0, quiet=0.1),
    "slow to answer": Machine(build=2.0, quiet=1.0, answers=0.05),
    "of two sizes": Machine(build=0.2, sizes=(1, 4)),
    "with room for more": Machine(most=20, room=10),
    "quick, but in bursts": Machine(build=0.1, quiet=15.0, send=0.15, answers=0.05, checks=5),
}


@pytest.mark.parametrize("name", MACHINES)
@pytest.mark.parametrize("seed", range(2))
def test_it_is_nine_tenths_as_fast_as_eight_at_once_and_nothing_gets_stuck(
    name: str, seed: int
) -> None:
    best = SimulatedXnat(MACHINES[name], GivenLimit(8), seed).take(300)
    found = SimulatedXnat(MACHINES[name], FoundLimit(), seed)

    rate = found.take(300)

    assert not found.stuck
    assert rate >= 0.9 * best


def test_a_machine_with_room_for_more_is_given_eight_for_nothing_says_where_it_stops() -> None:
    machine = MACHINES["with room for more"]
    found = SimulatedXnat(machine, FoundLimit()).take(300)
    assert found >= 0.9 * SimulatedXnat(machine, GivenLimit(8)).take(300)


@pytest.mark.parametrize(("answers", "disturbed"), [(0.005, 3.0), (0.02, 0.0), (0.02, 3.0)])
def test_an_xnat_that_builds_at_once_may_be_slow_to_answer(
    answers: float, disturbed: float
) -> None:
    machine = Machine(most=0, answers=answers, disturbed=disturbed)
    unpaced = SimulatedXnat(machine, GivenLimit(10_000)).take(1000)
    assert SimulatedXnat(machine, FoundLimit()).take(1000) >= 0.85 * unpaced


def test_an_xnat_that_builds_at_once_gets_sessions_as_fast_as_they_go() -> None:
    machine = Machine(most=0)
    assert SimulatedXnat(machine, FoundLimit()).take(3000) >= 0.95 / machine.send
