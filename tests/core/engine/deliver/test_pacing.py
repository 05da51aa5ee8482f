"""The limits of a pace, and what it counts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from dicomferry.engine.deliver.pacing.limit import BuiltSession, FoundLimit, GivenLimit
from dicomferry.engine.deliver.pacing.watched import WatchedPace
from dicomferry.model import Destination
from dicomferry.xnat.rest import OutstandingReader, OutstandingSession, RestClient, RestSite
from support.fake_xnat_rest import FakeXnat, Says, fake_xnat, shaped, table


def built(limit: FoundLimit, seconds: float, at_once: int, *, pressed: bool = True) -> None:
    """Have a whole round of sessions built."""
    for _ in range(max(8, limit.now)):
        limit.built([BuiltSession(seconds, 0.01, at_once, pressed)])


def test_the_limit_grows_one_by_one_up_to_eight_while_builds_take_no_longer() -> None:
    limit = FoundLimit()
    seen = []
    for _ in range(6):
        built(limit, 1.0, limit.now)
        seen.append(limit.now)
    assert seen == [5, 6, 7, 8, 8, 8]


def test_builds_that_take_much_longer_than_usual_take_a_part_of_it_away() -> None:
    limit = FoundLimit()
    for _ in range(4):
        built(limit, 1.0, limit.now)
    built(limit, 1.9, limit.now)
    assert limit.now == 6


def test_a_large_session_is_compared_with_large_ones() -> None:
    limit = FoundLimit()
    built(limit, 1.0, 4)
    for _ in range(8):
        limit.built([BuiltSession(30.0, 0.01, 4, True, objects=1000)])
    assert limit.now == 6


def test_it_stays_where_nothing_more_was_to_be_sent() -> None:
    limit = FoundLimit()
    built(limit, 1.0, 4, pressed=False)
    assert limit.now == 4


def test_it_grows_where_each_session_was_seen_once_and_none_being_built() -> None:
    limit = FoundLimit()
    for _ in range(7):
        limit.built([BuiltSession(0.0, 0.0, 0, True, looks=1)])
    assert limit.now == 4
    limit.built([BuiltSession(0.0, 0.0, 0, True, looks=1)])
    assert limit.now == 16


def test_it_stays_where_no_session_was_seen_while_it_waited() -> None:
    limit = FoundLimit()
    for _ in range(50):
        limit.built([BuiltSession(0.0, 0.0, 0, True, looks=0)])
    assert limit.now == 4


def test_it_stays_where_builds_were_seen_too_seldom_to_be_timed() -> None:
    limit = FoundLimit()
    for _ in range(50):
        limit.built([BuiltSession(1.0, 1.0, 1, True, looks=1)])
    assert limit.now == 4


def test_it_grows_with_the_looks_where_builds_are_too_quick_to_be_seen() -> None:
    limit, seen = FoundLimit(), []
    for _ in range(3):
        limit.built([BuiltSession(0.0, 0.0, 0, True, looks=4)] * limit.now)
        seen.append(limit.now)
    assert seen == [32, 256, 2048]


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def place(number: int) -> Destination:
    return Destination("P1", f"S{number}", f"S{number}_MR1")


def receiving(number: int) -> OutstandingSession:
    return OutstandingSession("P1", f"S{number}_MR1", f"/row/{number}", True)


def test_what_was_waiting_before_the_run_is_not_waited_for() -> None:
    clock, there = Clock(), [receiving(7), receiving(8)]
    pace = WatchedPace("XNAT 'x'", lambda: there, GivenLimit(1), 60, clock)
    assert pace.may_open()
    pace.opened(place(1), 1)
    assert not pace.may_open()


def test_what_others_send_meanwhile_counts() -> None:
    clock = Clock()
    there: list[OutstandingSession] = []
    pace = WatchedPace("XNAT 'x'", lambda: there, GivenLimit(1), 60, clock)
    assert pace.may_open()
    there.append(receiving(9))
    clock.now = 20.0
    assert not pace.may_open()


def test_a_session_counts_until_xnat_has_built_it() -> None:
    clock = Clock()
    there: list[OutstandingSession] = []
    pace = WatchedPace("XNAT 'x'", lambda: there, GivenLimit(1), 600, clock)
    assert pace.may_open()
    pace.opened(place(1), 1)
    pace.closed(place(1))
    there.append(receiving(1))
    for clock.now in (20.0, 40.0):
        assert not pace.may_open()
    there.clear()
    clock.now = 60.0
    assert pace.may_open()


def test_xnat_is_asked_seldom_while_there_is_room() -> None:
    clock, asked = Clock(), []

    def look() -> list[OutstandingSession]:
        asked.append(clock.now)
        return []

    pace = WatchedPace("XNAT 'x'", look, GivenLimit(100), 60, clock)
    for step in range(100):
        clock.now = step * 0.1
        assert pace.may_open()
        pace.opened(place(step), 1)

    assert asked == [0.0]
    clock.now = 10.0
    assert not pace.may_open()
    assert asked == [0.0, 10.0]


def test_the_time_of_the_login_does_not_put_off_the_second_question() -> None:
    clock, asked = Clock(), []

    def look() -> list[OutstandingSession]:
        asked.append(clock.now)
        clock.now += 0.5 if len(asked) == 1 else 0.0
        return []

    pace = WatchedPace("XNAT 'x'", look, GivenLimit(1), 60, clock)
    assert pace.may_open()
    pace.opened(place(1), 1)
    pace.closed(place(1))
    clock.now = 0.7
    assert pace.may_open()
    assert asked == [0.0, 0.7]


def test_an_xnat_that_builds_nothing_is_stuck_once_the_patience_is_over() -> None:
    clock, there = Clock(), [receiving(1)]
    pace = WatchedPace("XNAT 'x'", lambda: there if clock.now else [], GivenLimit(9), 100, clock)
    assert pace.may_open()
    pace.opened(place(1), 1)
    pace.closed(place(1))
    clock.now = 90.0
    assert pace.may_open()
    clock.now = 120.0
    assert not pace.may_open()
    assert "has built nothing for 120 s" in pace.stopped


@pytest.fixture
def fake() -> Iterator[FakeXnat]:
    with fake_xnat() as server:
        yield server


def outstanding(fake: FakeXnat) -> Sequence[OutstandingSession]:
    with RestClient(RestSite(fake.url, "a:b")) as client:
        reader = OutstandingReader(client)
        reader.sessions()
        return reader.sessions()


def row(label: str, status: str) -> dict[str, object]:
    return {"project": "P1", "timestamp": "T", "folderName": label, "name": label, "tag": "1.2",
            "status": status}  # fmt: skip


def test_sessions_of_both_lists_are_outstanding(fake: FakeXnat) -> None:
    rows = [row("A", "RECEIVING"), row("B", "QUEUED_BUILDING"), row("C", "READY")]
    fake.routes["/data/prearchive"] = table(rows)
    fake.routes["POST /xapi/direct-archive"] = shaped([row("D", "BUILDING"), row("E", "ERROR")])

    found = outstanding(fake)

    assert [(one.label, one.receiving) for one in found] == [
        ("A", True), ("B", False), ("D", False)
    ]  # fmt: skip


def test_an_xnat_without_direct_archiving_is_asked_for_it_once(fake: FakeXnat) -> None:
    fake.routes["/data/prearchive"] = table([row("A", "RECEIVING")])
    fake.routes["POST /xapi/direct-archive"] = Says(403)

    assert [one.label for one in outstanding(fake)] == ["A"]
    assert fake.count("/xapi/direct-archive", "POST") == 1
