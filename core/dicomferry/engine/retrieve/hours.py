"""When a server may be asked for instances, by the clock on the wall."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, time, timedelta

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_NEVER = "none"
_ALWAYS = "all"

_DOZE = 5.0
_NAP = 0.1


def is_open(hours: Mapping[str, str], now: datetime) -> bool:
    """Tell whether a server may be asked at a local time; always, where no hours are declared.

    A span across midnight belongs to the day it begins on. Only what the clock shows counts, so
    an hour that daylight saving repeats or leaves out is open as the others of its name are.
    """
    if not hours:
        return True
    today, yesterday = now.weekday(), (now.weekday() - 1) % 7
    return _covers(hours, today, now.time(), "today") or _covers(
        hours, yesterday, now.time(), "yesterday"
    )


def next_opening(hours: Mapping[str, str], now: datetime) -> datetime | None:
    """Return the next minute a server may be asked; None where that is in no week."""
    minute = now.replace(second=0, microsecond=0)
    for ahead in range(8 * 24 * 60):
        then = minute + timedelta(minutes=ahead)
        if is_open(hours, then):
            return then
    return None


def wait_until_open(
    hours: Mapping[str, str],
    now: Callable[[], datetime],
    sleep: Callable[[float], None],
    stopped: Callable[[], bool],
) -> bool:
    """Sit out the time until a server may be asked, and tell whether it may.

    False where it is stopped before, or no week has such a time. The clock is looked at again and
    again, so it does not matter when it is put forward or back meanwhile.
    """
    while not is_open(hours, now()):
        opening = next_opening(hours, now())
        if opening is None or stopped():
            return False
        sleep(min(_DOZE, max(_NAP, (opening - now()).total_seconds())))
    return True


def _covers(hours: Mapping[str, str], day: int, clock: time, which: str) -> bool:
    return any(_in(span, clock, which) for days, span in hours.items() if day in _days(days))


def _days(text: str) -> list[int]:
    if text == _ALWAYS:
        return list(range(7))
    first, _, last = text.partition("-")
    start, end = _DAYS.index(first), _DAYS.index(last or first)
    return [(start + n) % 7 for n in range((end - start) % 7 + 1)]


def _in(span: str, clock: time, which: str) -> bool:
    if span in (_ALWAYS, _NEVER):
        return span == _ALWAYS and which == "today"
    first, _, last = span.partition("-")
    start, end = _minutes(first), _minutes(last)
    now = clock.hour * 60 + clock.minute
    if which == "yesterday":
        return end <= start and now < end
    return start <= now and (now < end or end <= start)


def _minutes(text: str) -> int:
    hour, minute = text.split(":")
    return int(hour) * 60 + int(minute)
