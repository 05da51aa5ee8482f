"""The watch over one item: how much of the processor and of memory it may take.

A pattern that backtracks for years, a file of zeros without end and a template that multiplies
texts cost one item, not the run. So does a disk that does not answer: the main process ends the
worker that waits for it, by what the worker shows on its sign of life. The limits belong to the
process and not to the recipe: a plan under other limits is the same plan.
"""

from __future__ import annotations

import atexit
import signal
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Final

from msgspec import Struct

from dicomferry.dicom.blob import Blob
from dicomferry.dicom.opening import open_blob
from dicomferry.engine.pipeline.sign import LONGEST, Sign, shown_path
from dicomferry.errors import FerryError, OverLimitError
from dicomferry.model import Location

_SECONDS: Final = "DICOMFERRY_ITEM_SECONDS"
WAIT_SECONDS: Final = "DICOMFERRY_WAIT_SECONDS"
_MEGABYTES: Final = "DICOMFERRY_WORKER_MB"
_GRACE: Final = 10
"""Seconds of the processor for code that hears no signal, before the system ends the process."""


class Limits(Struct, frozen=True):
    """What one item may take; 0 is no limit.

    `seconds` are of the processor, `megabytes` of memory. `wait` is seconds by the clock on the
    wall, for an item that waits for a disk.
    """

    seconds: int = 60
    megabytes: int = 4096
    wait: int = 300

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Limits:
        """Read the limits from the variables DICOMFERRY_ITEM_SECONDS, _WORKER_MB and _WAIT_SECONDS.

        Raises `FerryError` for what is not a whole number.
        """
        usual = cls()
        return cls(
            _whole(environment, _SECONDS, usual.seconds),
            _whole(environment, _MEGABYTES, usual.megabytes),
            _whole(environment, WAIT_SECONDS, usual.wait),
        )

    @property
    def too_long(self) -> str:
        """What is said of an item that passes the limit of time."""
        return f"it takes more than {self.seconds:,} s of the processor ({_SECONDS})"

    @property
    def too_much(self) -> str:
        """What is said of an item that passes the limit of memory."""
        room = f"more than {self.megabytes:,} MB of memory" if self.megabytes else "too much memory"
        return f"it takes {room} ({_MEGABYTES})"


class Watch:
    """Ends the work on an item that passes the limits. One is started for each process at most.

    A timer ticks once for each second of the processor. The work on an item costs no system call:
    it only sets what the sign of life shows.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._sign = Sign()
        self._turns = 0
        self._reads = 0
        self._writes = False
        self._ticks = 0
        self._seen: tuple[int, ...] = ()
        self._bound = False

    @property
    def turn(self) -> int:
        """A number that is another one for each item; 0 between items."""
        return self._sign.turn

    @property
    def at(self) -> str:
        """The step that the item is at."""
        return self._sign.at.decode(errors="replace")

    @at.setter
    def at(self, step: str) -> None:
        self._sign.at = step.encode()[:LONGEST]

    def show_on(self, sign: Sign) -> None:
        """Show on `sign` from now on what this process is at."""
        sign.seconds = self.limits.wait
        self._sign = sign

    def begin(self, item: int = 0) -> None:
        """Note that the next item begins; `item` is its id in the ledger."""
        self._turns += 1
        self._sign.item = item
        self._sign.at = b""
        self._sign.turn = self._turns

    def look(self, path: str) -> None:
        """Note that a path is looked at from now on."""
        self._turns += 1
        self._sign.at = shown_path(path)
        self._sign.turn = self._turns

    def end(self) -> None:
        """Note that an item is done with."""
        self._sign.turn = 0
        self._sign.at = b""

    def open(self, location: Location, item: int) -> TimedBlob:
        """Open the bytes of an item; each read is watched by the clock, also outside its turn."""
        self._sign.item = item
        self.begin_read()
        try:
            return TimedBlob(open_blob(location), self)
        finally:
            self.end_read()

    def begin_read(self) -> None:
        """Note that a read begins; it may be within a writing."""
        self._reads += 1
        self._sign.read = self._reads

    def end_read(self) -> None:
        """Note that a read is over."""
        self._reads += 1
        self._sign.read = self._reads if self._writes else 0

    @contextmanager
    def writing(self, item: int) -> Iterator[None]:
        """Watch by the clock what writes to a disk; each read within it is a sign of life."""
        self._sign.item = item
        self._writes = True
        self.begin_read()
        try:
            yield
        finally:
            self._writes = False
            self.end_read()

    def start(self) -> None:
        """Begin to watch this process, where the system can and this is its main thread."""
        timed = self.limits.seconds and hasattr(signal, "setitimer")
        if timed and threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGPROF, self._tick)
            signal.setitimer(signal.ITIMER_PROF, 1, 1)
            # Python forgets the handler when it ends; a tick would end the process by its signal.
            atexit.register(signal.setitimer, signal.ITIMER_PROF, 0)

    def bound(self) -> None:
        """Have the system bound the memory of this process, and the time of code that is deaf."""
        if sys.platform == "linux":
            import resource

            self._bound = True
            # Memory would be written to the disk with what it holds of patients.
            _limit(resource.RLIMIT_CORE, 0)
            if self.limits.megabytes:
                room = _data_of_this_process() + (self.limits.megabytes << 20)
                _limit(resource.RLIMIT_DATA, room)
            self._push_back()

    def _push_back(self) -> None:
        """Have the system end this process after the limit and `_GRACE`, unless there is a tick."""
        if sys.platform == "linux" and self.limits.seconds:
            import resource

            _limit(resource.RLIMIT_CPU, int(time.process_time()) + self.limits.seconds + _GRACE)

    def _tick(self, _signal: int, frame: FrameType | None) -> None:
        """Count a second, and raise `OverLimitError` where nothing has gone on for too many.

        Between items it is one instruction that must not take so long: a loop goes on, a pattern
        that backtracks does not.
        """
        if self._bound:
            self._push_back()
        seen = (self.turn,) if self.turn else (-1, id(frame), frame.f_lasti if frame else 0)
        self._ticks = self._ticks + 1 if seen == self._seen else 0
        self._seen = seen
        if self._ticks >= self.limits.seconds:
            self._ticks = 0
            at = f"{self.at}: " if self.turn and self.at else ""
            raise OverLimitError(f"{at}{self.limits.too_long}")


class TimedBlob:
    """A blob whose reads a watch sees."""

    __slots__ = ("_blob", "_watch", "size")

    def __init__(self, blob: Blob, watch: Watch) -> None:
        self._blob = blob
        self._watch = watch
        self.size = blob.size

    def read(self, start: int, length: int) -> bytes:
        """Return exactly `length` bytes; raises `DamagedError` when they cannot be had."""
        self._watch.begin_read()
        try:
            return self._blob.read(start, length)
        finally:
            self._watch.end_read()

    def close(self) -> None:
        """Close the other blob."""
        self._blob.close()


def _limit(which: int, value: int) -> None:
    import resource

    with suppress(OSError, ValueError):
        _, hard = resource.getrlimit(which)
        within = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(which, (within, hard))


def _data_of_this_process() -> int:
    """Return the bytes that count towards RLIMIT_DATA now (proc(5), /proc/self/statm)."""
    import resource

    try:
        fields = Path("/proc/self/statm").read_text().split()
        return int(fields[5]) * resource.getpagesize()
    except OSError:
        return 0


def _whole(environment: Mapping[str, str], name: str, usual: int) -> int:
    text = environment.get(name, "")
    if not text:
        return usual
    if not text.isdecimal():
        raise FerryError(
            f"{name}: '{text}' is not a whole number", hint="0 stands for no limit at all"
        )
    return int(text)
