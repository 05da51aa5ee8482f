"""Wait for what a slow machine takes its time over."""

from __future__ import annotations

import time
from collections.abc import Callable

PATIENCE = 60.0
"""Seconds that anything may take which takes none when the machine is idle."""


def until(condition: Callable[[], object]) -> None:
    """Wait until a condition holds; raises `AssertionError` when it does not in a minute."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, f"nothing came of it in {PATIENCE:g} seconds"
        time.sleep(0.005)
