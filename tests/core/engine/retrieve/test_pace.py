"""How fast a PACS is asked, by a clock that the test turns."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from dicomferry.engine.retrieve.pace import Pace, share_out
from dicomferry.recipe.servers import PacsServer


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


def server(**settings: int) -> PacsServer:
    return PacsServer(host="127.0.0.1", ae_title="PACS", **settings)  # type: ignore[arg-type]


def requests_made(rate: int, seconds: float) -> int:
    """Return how many requests one lane makes in so many seconds, each answered at once."""
    clock = Clock()
    end = clock.time + seconds
    interval = share_out(server(requests_per_minute=rate), 10, move=False).interval
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
@pytest.mark.parametrize("associations", [1, 3, 8])
@pytest.mark.parametrize("rate", [0, 1, 5])
@pytest.mark.parametrize("move", [False, True])
def test_there_are_no_more_lanes_than_a_batch_has_studies(
    batch: int, associations: int, rate: int, move: bool
) -> None:
    pacs = server(batch=batch, associations=associations, requests_per_minute=rate)

    assert 1 <= share_out(pacs, 100, move=move).lanes <= min(batch, associations)


def test_associations_alone_say_how_many_studies_are_retrieved_at_once() -> None:
    assert share_out(server(associations=4), 100, move=False).lanes == 4


@pytest.mark.parametrize("associations", [1, 2, 3, 8])
@pytest.mark.parametrize("rate", [1, 2, 3, 5, 60])
def test_all_lanes_together_keep_within_the_requests_per_minute(
    associations: int, rate: int
) -> None:
    share = share_out(
        server(batch=100, associations=associations, requests_per_minute=rate), 100, move=False
    )

    assert share.lanes * 60 / share.interval <= rate


def test_a_pacs_that_moves_is_asked_for_one_study_after_another() -> None:
    assert share_out(server(batch=10, associations=4), 100, move=True).lanes == 1
