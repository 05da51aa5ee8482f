"""Messages put together, so that the main process is not woken for each of them."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator

from dicomferry.contract.executor import Done

AT_ONCE = 16
"""Answers that are told together: waking the main process costs as much as a small instance."""
_LATEST = 0.05
"""Seconds after which an answer waits no longer for others."""


def in_batches(messages: Iterable[object], *, durable: bool) -> Iterator[list[object]]:
    """Yield a task's messages in lists, the last of which ends with its `Done`.

    Only the answers of a durable task must become durable before more follow: those of others
    come all together when the task is done.
    """
    held: list[object] = []
    told = time.monotonic()
    for message in messages:
        held.append(message)
        if isinstance(message, Done):
            yield held
            return
        if durable and (len(held) >= AT_ONCE or time.monotonic() - told >= _LATEST):
            yield held
            held = []
            told = time.monotonic()
