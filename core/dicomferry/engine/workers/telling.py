"""Batches of messages, so that the main process is not woken for each message."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator

from dicomferry.contract.executor import Done

AT_ONCE = 16
"""Answers of one batch: waking the main process costs as much as a small instance."""
_LATEST = 0.05
"""Seconds after which a batch is not held back for more answers."""


def in_batches(messages: Iterable[object], *, durable: bool) -> Iterator[list[object]]:
    """Yield a task's messages in lists, the last of which ends with its `Done`.

    A durable task's answers come in batches, because each batch must become durable before more
    follow. Another task's answers come in one list when the task is done.
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
