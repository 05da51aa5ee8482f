"""Watches the signs of life of workers (`pipeline/sign.py`)."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Final, Protocol, runtime_checkable

from dicomferry.engine.pipeline.sign import Sign
from dicomferry.engine.pipeline.watch import WAIT_SECONDS

_MOMENT: Final = 1.0
"""Seconds after which a worker's time of the processor is looked up."""

_AT_WORK: Final = 0.02
"""The part of the time that a worker takes of the processor at least while it is at work; what only
asks again and again whether a disk answers takes less."""


@runtime_checkable
class Signing(Protocol):
    """A worker that shows signs of life."""

    def show_on(self, sign: Sign) -> None:
        """Show on `sign` what is done from now on."""


class Lookout:
    """Watches one sign by the clock on the wall.

    A worker that waits for a disk takes no time of the processor. One that takes some is at work,
    for example on a large archive.
    """

    def __init__(self, sign: Sign, process: int) -> None:
        self._sign = sign
        self._process = process
        self._worked: float | None = None
        self._seen = (0, 0)
        self._since = time.monotonic()

    @property
    def item(self) -> int:
        """Return the id of the item that the worker is at; 0 where it has none."""
        return self._sign.item

    @property
    def at(self) -> bytes:
        """Return what the worker shows that it is at."""
        return self._sign.at

    @property
    def why(self) -> str:
        """Say what does not end."""
        at = self._sign.at.decode(errors="replace") or "reading it"
        return (
            f"{at}: nothing answered for {self._sign.seconds:,} s; the disk, or what the step"
            f" waits for, hangs ({WAIT_SECONDS})"
        )

    def is_late(self) -> bool:
        """Tell whether the worker is at one thing for too long, and does nothing."""
        now, seen = time.monotonic(), (self._sign.turn, self._sign.read)
        if seen == (0, 0) or seen != self._seen:
            self._begin(seen, now)
            return False
        if self._worked is None and now - self._since >= _MOMENT:
            self._worked = _worked(self._process)
        if not 0 < self._sign.seconds <= now - self._since:
            return False
        took = _worked(self._process) - (self._worked or 0.0)
        if took >= _AT_WORK * (now - self._since):
            self._begin(seen, now)
            return False
        return True

    def _begin(self, seen: tuple[int, int], now: float) -> None:
        self._seen, self._since, self._worked = seen, now, None


def _worked(process: int) -> float:
    """Return the seconds of the processor that a process took; 0 where no `/proc` tells it."""
    with suppress(OSError, ValueError):
        fields = Path(f"/proc/{process}/stat").read_bytes().rpartition(b")")[2].split()
        return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")  # utime and stime, proc(5)
    return 0.0
