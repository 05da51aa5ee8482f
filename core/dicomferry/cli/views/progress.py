"""Progress: bars on a terminal, plain lines now and then elsewhere, nothing for machines."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

import click

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from dicomferry.ferry import Ferry

_EVERY = 10.0
"""Seconds between two plain lines."""


class Display(Protocol):
    """Shows progress while it is entered."""

    def __enter__(self) -> Self:
        """Begin to show."""
        ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End what is shown."""
        ...

    def show(self, what: str, done: int, total: int | None) -> None:
        """Add `done` to what was done of `what`."""
        ...


class Silence:
    """Shows nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return None

    def show(self, what: str, done: int, total: int | None) -> None:
        """Show nothing."""


class Lines(Silence):
    """Prints a line to standard error every ten seconds."""

    def __init__(self) -> None:
        self._done: dict[str, int] = {}
        self._due = time.monotonic() + _EVERY

    def show(self, what: str, done: int, total: int | None) -> None:
        """Count, and print when a line is due."""
        self._done[what] = self._done.get(what, 0) + done
        if time.monotonic() >= self._due:
            self._due = time.monotonic() + _EVERY
            of = f" of {total:,}" if total else ""
            click.echo(f"{what}: {self._done[what]:,}{of}", err=True)


class Bars:
    """Shows rich's progress bars. Drawn by the calling thread, so that forking stays safe."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
        )

        self._progress: Progress = Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
            TimeElapsedColumn(), console=Console(stderr=True), auto_refresh=False, transient=True,
        )  # fmt: skip
        self._tasks: dict[str, TaskID] = {}
        self._drawn = 0.0

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def show(self, what: str, done: int, total: int | None) -> None:
        """Move a bar on, and redraw ten times a second at most."""
        if what not in self._tasks:
            self._tasks[what] = self._progress.add_task(what, total=total)
        self._progress.update(self._tasks[what], advance=done, total=total)
        if time.monotonic() - self._drawn > 0.1:
            self._drawn = time.monotonic()
            self._progress.refresh()


@contextmanager
def showing(ferry: Ferry, form: str) -> Iterator[None]:
    """Show what a ferry does while the block runs: `form` is the output format asked for."""
    display = choose_display(form)
    before, ferry.progress = ferry.progress, display.show
    try:
        with display:
            yield
    finally:
        ferry.progress = before


def choose_display(form: str) -> Display:
    """Return how progress is shown: `form` is the output format asked for."""
    if form == "json":
        return Silence()
    return Bars() if sys.stderr.isatty() else Lines()
