"""How fast a server is asked, by a clock that the test turns."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from dicomferry.contract.fetcher import Manners
from dicomferry.engine.retrieve.pace import Pace, share_out


@dataclass
class Clock:
    """Time passes only while somebody sleeps."""

    time: float = 1000.0

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += seconds


def never() -> bool:
    return False


def always() -> bool:
    return True


def requests_made(rate: int, seconds: float) -> int:
    """Return how many requests one lane makes in so many seconds, each answered at once."""
    clock = Clock()
    end = clock.time + seconds
    interval = share_out(Manners(requests_per_minute=rate), 10).interval
    pace = Pace(interval, clock=clock.now, sleep=clock.sleep)
    made = 0
    while True:
        pace.wait(never)
        if clock.time >= end:
            return made
        pace.asked()
        made += 1


@pytest.mark.parametrize("rate", [1, 7, 60])
def test_no_minute_has_more_requests_than_allowed(rate: int) -> None:
    assert requests_made(rate, 59.9) == rate


def test_the_first_request_waits_for_nothing() -> None:
    clock = Clock()
    Pace(30.0, clock=clock.now, sleep=clock.sleep).wait(never)

    assert clock.time == 1000.0


def test_a_worker_started_anew_waits_for_the_request_before_it() -> None:
    clock = Clock()
    Pace(30.0, 990.0, clock=clock.now, sleep=clock.sleep).wait(never)

    assert clock.time == pytest.approx(1020.0)


def test_time_that_an_answer_took_counts() -> None:
    clock = Clock()
    pace = Pace(30.0, clock=clock.now, sleep=clock.sleep)
    pace.asked()
    clock.sleep(40)

    assert pace.left() == 0


def test_a_run_that_is_to_stop_does_not_wait() -> None:
    clock = Clock()
    Pace(30.0, 1000.0, clock=clock.now, sleep=clock.sleep).wait(always)

    assert clock.time == 1000.0


@pytest.mark.parametrize("batch", [1, 2, 5, 20])
@pytest.mark.parametrize("lanes", [1, 3, 8])
@pytest.mark.parametrize("rate", [0, 1, 5])
def test_there_are_no_more_lanes_than_a_batch_has_studies(
    batch: int, lanes: int, rate: int
) -> None:
    manners = Manners(lanes, rate, batch)

    assert 1 <= share_out(manners, 100).lanes <= min(batch, lanes)


def test_lanes_alone_say_how_many_studies_are_retrieved_at_once() -> None:
    assert share_out(Manners(lanes=4), 100).lanes == 4


@pytest.mark.parametrize("lanes", [1, 2, 3, 8])
@pytest.mark.parametrize("rate", [1, 2, 3, 5, 60])
def test_all_lanes_together_keep_within_the_requests_per_minute(lanes: int, rate: int) -> None:
    share = share_out(Manners(lanes, rate, batch=100), 100)

    assert share.lanes * 60 / share.interval <= rate
