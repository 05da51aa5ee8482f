"""Reading of a disk in a process of its own: the main process never waits for a disk."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, suppress
from functools import partial
from itertools import islice
from typing import ClassVar, TypeVar

from msgspec import Struct

from dicomferry.contract.executor import Done, Task
from dicomferry.contract.source import Look
from dicomferry.dicom.opening import open_blob
from dicomferry.engine.pipeline.sign import Sign, shown_path
from dicomferry.engine.pipeline.watch import Limits, Watch
from dicomferry.engine.workers.pool import Pool
from dicomferry.engine.workers.workbench import messages_of
from dicomferry.errors import FerryError, NoAnswerError
from dicomferry.model import Location

T = TypeVar("T")

Reading = Callable[[Look], Iterable[T]]
"""Reads a disk: it tells `Look` each path before it looks at it, and yields what it finds."""

_AT_ONCE = 256
_BEGIN = 1 << 16
_MOST_LATE = 5
"""Paths that do not answer; after them the disk is taken to hang."""

_LATEST = 0.05
"""Seconds after which what was found is not held back for more."""


def apart(reading: Reading[T]) -> Iterator[T]:
    """Yield what `reading` yields in a process of its own. The values can be pickled.

    Raises `NoAnswerError`, with the path, where a path does not answer for the seconds of
    `DICOMFERRY_WAIT_SECONDS` or the process dies of it, and `FerryError` for what `reading` raises.
    """
    with Pool(partial(_Reader, reading, Limits.of(os.environ)), 1) as pool:
        for said in pool.run(iter([_Read()])):
            for one in said:
                if isinstance(one.message, Done):
                    _raise_for(one.message)
                else:
                    assert isinstance(one.message, tuple)  # noqa: S101  the answers of `_Reader`
                    yield from one.message


def apart_going_on(reading: Reading[T]) -> Iterator[T]:
    """Yield what `reading` yields, also behind a path that does not answer.

    It begins anew then, and `look` raises `TimeoutError` for that path; the order of what it yields
    must be the same each time. Raises `NoAnswerError` after `_MOST_LATE` paths.
    """
    late: dict[bytes, str] = {}
    known = 0
    while True:
        try:
            for found in islice(apart(partial(_without, late, reading)), known, None):
                known += 1
                yield found
        except NoAnswerError as error:
            if not error.at or error.at in late or len(late) == _MOST_LATE:
                raise
            late = late | {error.at: error.message}
        else:
            return


def _without(late: Mapping[bytes, str], reading: Reading[T], look: Look) -> Iterable[T]:
    def looked(path: str) -> None:
        if late and (why := late.get(shown_path(path))):
            raise TimeoutError(errno.ETIMEDOUT, why)
        look(path)

    return reading(looked)


def await_answer(location: Location) -> None:
    """Wait until the first bytes of a file can be read; raises `NoAnswerError` where they cannot.

    It is for one file that the main process is about to read.
    """
    for _ in apart(partial(_begin_of, location)):
        pass


def _begin_of(location: Location, look: Look) -> Iterator[None]:
    look(location.path)
    with suppress(FerryError, OSError), closing(open_blob(location)) as blob:
        blob.read(0, min(blob.size, _BEGIN))
    yield None


def _raise_for(done: Done) -> None:
    if done.died:
        hint = "see whether the disk hangs, mend it, run again"
        raise NoAnswerError(done.error, hint, done.at)
    if done.error:
        raise FerryError(done.error, hint=done.hint)


class _Read(Struct, frozen=True):
    """The only task of a reader."""

    durable: ClassVar[bool] = True

    def work(self, bench: _Reader, _stopped: Callable[[], bool], /) -> Iterator[object]:
        """Yield what is found, in tuples."""
        return bench.found()


class _Reader:
    """The worker that reads; implements `dicomferry.contract.Worker` and `Signing`."""

    def __init__(self, reading: Reading[object], limits: Limits) -> None:
        self._reading = reading
        self._watch = Watch(limits)

    def show_on(self, sign: Sign) -> None:
        """Show on `sign` which path is looked at, and begin to watch this process."""
        self._watch.show_on(sign)
        self._watch.start()
        self._watch.bound()

    def perform(self, task: Task, stopped: Callable[[], bool]) -> Iterator[object]:
        """Do a task: yield its answers, then a `Done` that has what the task raised."""
        return messages_of(task, self, stopped)

    def found(self) -> Iterator[tuple[object, ...]]:
        """Yield what is found; while the main process takes it, nothing is looked at."""
        held: list[object] = []
        told = time.monotonic()
        for one in self._reading(self._watch.look):
            held.append(one)
            if len(held) >= _AT_ONCE or time.monotonic() - told >= _LATEST:
                self._watch.end()
                yield tuple(held)
                held = []
                told = time.monotonic()
        self._watch.end()
        if held:
            yield tuple(held)
