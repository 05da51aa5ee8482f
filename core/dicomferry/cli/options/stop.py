"""Ctrl-C: the first ends a run cleanly, the second at once."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from dicomferry.ferry import Ferry


@contextmanager
def stoppable(ferry: Ferry) -> Iterator[None]:
    """Let the first Ctrl-C or SIGTERM end a run cleanly, and a second one at once."""

    def stop(_signal: int, _frame: object) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        ferry.stop()
        click.echo("\nstopping after the instances under way; once more stops at once", err=True)

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
