"""Progress: bars on a terminal, plain lines now and then elsewhere, nothing for machines."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from dicomferry.ferry import Ferry

_EVERY = 10.0
"""Seconds between two plain lines."""


@contextmanager
def showing(ferry: Ferry, form: str) -> Iterator[None]:
    """Show what a ferry does while the block runs, unless `form`, the output format, is JSON."""
    before = ferry.progress
    try:
        if form == "json":
            yield
        elif not sys.stderr.isatty():
            ferry.progress = _Lines().show
            yield
        else:
            with _bars() as bars:
                ferry.progress = _Bars(bars).show
                yield
    finally:
        ferry.progress = before


class _Lines:
    """Prints a line to standard error every ten seconds."""

    def __init__(self) -> None:
        self._done: dict[str, int] = {}
        self._due = time.monotonic() + _EVERY

    def show(self, what: str, done: int, total: int | None) -> None:
        self._done[what] = self._done.get(what, 0) + done
        if time.monotonic() >= self._due:
            self._due = time.monotonic() + _EVERY
            of = f" of {total:,}" if total else ""
            click.echo(f"{what}: {self._done[what]:,}{of}", err=True)


class _Bars:
    """Moves rich's progress bars. The calling thread draws them, so that forking stays safe."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}
        self._drawn = 0.0

    def show(self, what: str, done: int, total: int | None) -> None:
        if what not in self._tasks:
            self._tasks[what] = self._progress.add_task(what, total=total)
        self._progress.update(self._tasks[what], advance=done, total=total)
        if time.monotonic() - self._drawn > 0.1:
            self._drawn = time.monotonic()
            self._progress.refresh()


def _bars() -> Progress:
    from rich import progress
    from rich.console import Console

    return progress.Progress(
        progress.TextColumn("{task.description}"), progress.BarColumn(),
        progress.MofNCompleteColumn(), progress.TimeElapsedColumn(),
        console=Console(stderr=True), auto_refresh=False, transient=True,
    )  # fmt: skip
