"""How fast a server is asked: how many at once, and how long between two requests."""

from __future__ import annotations

import time
from collections.abc import Callable

from msgspec import Struct

from dicomferry.contract.fetcher import Manners

_NAP = 0.2


class Share(Struct, frozen=True):
    """How a server's studies are shared out: `lanes` at once, one study each.

    `interval` is the least number of seconds between two requests of one lane.
    """

    lanes: int
    interval: float


def share_out(manners: Manners, waiting: int) -> Share:
    """Return a share by which all lanes together keep within the requests per minute."""
    rate = manners.requests_per_minute
    lanes = min(manners.lanes, manners.batch or waiting, max(1, waiting))
    if rate:
        lanes = min(lanes, rate)
    return Share(lanes, 60 / (rate // lanes) if rate else 0.0)


class Pace(Struct):
    """Keeps requests apart; `last` is when the last one was made, by `clock`, in seconds."""

    interval: float = 0.0
    last: float = float("-inf")
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def left(self) -> float:
        """Return how many seconds the next request has to wait."""
        return max(0.0, self.last + self.interval - self.clock())

    def wait(self, stopped: Callable[[], bool]) -> None:
        """Wait until the next request may be made, or the run is to stop."""
        while (left := self.left()) > 0 and not stopped():
            self.sleep(min(left, _NAP))

    def asked(self) -> None:
        """Note that a request is made now."""
        self.last = self.clock()
