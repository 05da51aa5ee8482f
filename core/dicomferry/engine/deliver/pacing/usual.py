"""How long builds usually take, by the size of the session."""

from __future__ import annotations

from bisect import insort
from typing import Final

_MOST_KEPT: Final = 400
_QUICK: Final = 0.05
"""The share of builds that are quicker than usual: fewer are luck, or are badly known."""


class UsualTimes:
    """The time that builds take when nothing holds them up, for each size of sessions.

    Sessions are alike in size when their number of objects has as many binary digits.
    """

    def __init__(self) -> None:
        self._seconds: dict[int, list[float]] = {}

    def slowness(self, objects: int, seconds: float, grain: float) -> float:
        """Note a build; return how many times as long as usual it took at least."""
        known = self._seconds.setdefault(objects.bit_length(), [])
        insort(known, seconds)
        if len(known) > _MOST_KEPT:
            known.pop()
        usual = known[int(len(known) * _QUICK)]
        return max(0.0, seconds - grain) / usual if usual else 1.0
