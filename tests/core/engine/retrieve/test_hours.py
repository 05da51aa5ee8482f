"""When a PACS may be asked, by the clock on the wall."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from dicomferry.engine.retrieve.hours import is_open, next_opening, wait_until_open

HOURS = {"mon-fri": "19:00-06:00", "sat-sun": "all"}
NOT_PUT = timedelta()


def at(text: str) -> datetime:
    """Return a time in the week of Monday, 2 November 2026."""
    return datetime.fromisoformat(f"2026-11-{text}")


@pytest.mark.parametrize("when", ["02 19:00", "02 23:59", "03 05:59", "07 12:00", "08 00:00"])
def test_inside_the_hours_it_is_open(when: str) -> None:
    assert is_open(HOURS, at(when))


@pytest.mark.parametrize("when", ["02 18:59", "03 06:00", "06 12:00", "02 05:00"])
def test_outside_the_hours_it_is_closed(when: str) -> None:
    assert not is_open(HOURS, at(when))


def test_friday_night_reaches_into_saturday() -> None:
    assert is_open({"fri": "22:00-04:00"}, at("07 03:59"))
    assert not is_open({"fri": "22:00-04:00"}, at("06 03:59"))


def test_without_hours_it_is_always_open() -> None:
    assert is_open({}, at("04 12:00"))


def test_hours_may_end_at_midnight() -> None:
    assert is_open({"all": "20:00-24:00"}, at("04 23:59"))
    assert not is_open({"all": "20:00-24:00"}, at("04 00:00"))


def test_a_span_of_days_may_go_over_the_end_of_the_week() -> None:
    assert is_open({"sat-mon": "all"}, at("08 10:00"))
    assert not is_open({"sat-mon": "all"}, at("03 10:00"))


def test_the_next_opening_is_told_to_the_minute() -> None:
    assert next_opening(HOURS, at("03 07:30")) == at("03 19:00")


def test_there_is_no_opening_where_there_are_no_hours() -> None:
    assert next_opening({"all": "none"}, at("03 07:30")) is None


def waited(hours: dict[str, str], start: datetime, put: timedelta = NOT_PUT) -> datetime | None:
    """Return what the clock on the wall shows when the wait ends; None where it is given up.

    Two minutes after the start it is `put` forward or back.
    """
    passed = timedelta()

    def now() -> datetime:
        return start + passed + (put if passed >= timedelta(minutes=2) else NOT_PUT)

    def sleep(seconds: float) -> None:
        nonlocal passed
        passed += timedelta(seconds=max(seconds, 1.0))

    return now() if wait_until_open(hours, now, sleep, lambda: False) else None


def test_the_wait_ends_when_the_hours_begin() -> None:
    assert waited(HOURS, at("03 18:58")) == at("03 19:00")


def test_inside_the_hours_nobody_waits() -> None:
    assert waited(HOURS, at("03 20:00")) == at("03 20:00")


def test_there_is_no_waiting_for_what_never_comes() -> None:
    assert waited({"all": "none"}, at("03 20:00")) is None


def test_a_run_that_is_to_stop_does_not_wait() -> None:
    assert not wait_until_open(HOURS, lambda: at("03 12:00"), lambda _: None, lambda: True)


def test_an_hour_left_out_in_spring_does_not_hold_up_the_opening() -> None:
    opened = waited({"all": "02:30-04:00"}, at("29 01:58"), put=timedelta(hours=1))

    assert opened == at("29 03:00")


def test_an_hour_repeated_in_autumn_is_waited_out() -> None:
    opened = waited({"all": "03:00-05:00"}, at("25 02:58"), put=timedelta(hours=-1))

    assert opened == at("25 03:00")
