"""Answers of servers: when one may be asked, and for how long its answer counts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from dicomferry.contract import Manners
from dicomferry.engine.retrieve.answers import AnswerBook
from dicomferry.engine.retrieve.courtesy import Courtesy
from dicomferry.errors import FerryError
from dicomferry.ledger import Ledger

NOON = datetime(2026, 3, 2, 12, 0)  # noqa: DTZ001  the clock on the wall


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.passed = 0.0

    def seconds(self) -> float:
        return self.passed

    def now(self) -> datetime:
        return NOON + timedelta(seconds=self.passed)

    def sleep(self, seconds: float) -> None:
        self.passed += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def book(tmp_path: Path, clock: Clock) -> Iterator[AnswerBook]:
    ledger = Ledger(tmp_path)
    yield AnswerBook(ledger, clock=clock.seconds, now=clock.now, sleep=clock.sleep)
    ledger.close()


def test_an_answer_is_kept_for_as_long_as_it_is_valid(book: AnswerBook, clock: Clock) -> None:
    answers = book.of("clinic", Manners(), 60)
    answers.keep("who?", b"nobody", ["1.2"])
    clock.sleep(59)
    young = answers.kept("who?")
    clock.sleep(2)

    assert young == b"nobody"
    assert answers.kept("who?") is None


def test_each_server_has_answers_of_its_own(book: AnswerBook) -> None:
    book.of("clinic", Manners(), 60).keep("who?", b"nobody")

    assert book.of("archive", Manners(), 60).kept("who?") is None


def test_what_tells_of_a_study_is_forgotten_with_it(book: AnswerBook) -> None:
    answers = book.of("clinic", Manners(), 60)
    answers.keep("a", b"1", ["1.2", "1.3"])
    answers.keep("b", b"2", ["1.4"])

    answers.forget("1.3")

    assert answers.kept("a") is None
    assert answers.kept("b") == b"2"


def test_nothing_is_kept_where_no_ledger_is_open() -> None:
    answers = AnswerBook().of("clinic", Manners(), 60)
    answers.keep("who?", b"nobody")

    assert answers.kept("who?") is None


def test_requests_of_all_sources_keep_to_the_rate_of_their_server(clock: Clock) -> None:
    book = AnswerBook(now=clock.now, ticks=clock.seconds, sleep=clock.sleep)
    one, other = (book.of("clinic", Manners(requests_per_minute=30), 60) for _ in range(2))

    for _ in range(5):
        one.turn()
        other.turn()

    assert round(clock.passed) == 2 * 9


def test_a_server_is_asked_at_its_hours_or_not_at_all(book: AnswerBook, clock: Clock) -> None:
    answers = book.of("clinic", Manners(hours={"all": "19:00-06:00"}), 60)
    with pytest.raises(FerryError, match="outside the hours of clinic; they begin again Mon 19:00"):
        answers.turn()

    book.begin(Courtesy(now=True))
    answers.turn()
    assert not clock.passed

    book.begin(Courtesy(wait=True))
    answers.turn()
    assert clock.passed == 7 * 3600


@pytest.mark.parametrize(
    ("kept", "asked", "told"),
    [
        (1, 1, "1 answer to a source is kept from before, of"),
        (2, 0, "2 answers to sources are kept from before, the oldest of"),
    ],
)
def test_only_what_was_kept_before_a_plan_was_begun_is_told(
    book: AnswerBook, clock: Clock, kept: int, asked: int, told: str
) -> None:
    answers = book.of("clinic", Manners(), 60)
    for number in range(kept):
        answers.keep(f"before {number}?", b"yes")
    clock.sleep(1)
    book.begin(Courtesy())
    for number in range(asked):
        answers.turn()
        answers.keep(f"now {number}?", b"yes")
        assert answers.kept(f"now {number}?") == b"yes"
    first = list(book.problems())
    for number in range(kept):
        answers.kept(f"before {number}?")
    (problem,) = book.problems()

    assert not first
    assert told in problem.message
    assert problem.message.endswith(f"{asked} {'was' if asked == 1 else 'were'} asked for now")
