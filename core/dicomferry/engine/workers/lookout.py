"""Watches the signs of life of workers (`pipeline/sign.py`)."""

from __future__ import annotations

import time
from typing import Protocol, runtime_checkable

from dicomferry.engine.pipeline.sign import Sign
from dicomferry.engine.pipeline.watch import WAIT_SECONDS


@runtime_checkable
class Signing(Protocol):
    """A worker that shows signs of life."""

    def show_on(self, sign: Sign) -> None:
        """Show on `sign` what is done from now on."""


class Lookout:
    """Watches one sign by the clock on the wall."""

    def __init__(self, sign: Sign) -> None:
        self._sign = sign
        self._seen = (0, 0)
        self._since = time.monotonic()

    @property
    def item(self) -> int:
        """Return the id of the item that the worker is at; 0 where it has none."""
        return self._sign.item

    @property
    def why(self) -> str:
        """Say what does not end."""
        at = self._sign.at.decode(errors="replace") or "reading it"
        return (
            f"{at}: nothing answered for {self._sign.seconds:,} s; the disk, or what the step"
            f" waits for, hangs ({WAIT_SECONDS})"
        )

    def is_late(self) -> bool:
        """Tell whether the worker is at one thing for too long."""
        now, seen = time.monotonic(), (self._sign.turn, self._sign.read)
        if seen == (0, 0) or seen != self._seen:
            self._seen, self._since = seen, now
            return False
        return 0 < self._sign.seconds <= now - self._since
