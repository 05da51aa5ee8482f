"""Tasks that show what an executor does with them. They leave marks in a folder."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar

from msgspec import Struct

from dicomferry.contract.executor import Task
from dicomferry.engine.workers.workbench import messages_of
from dicomferry.errors import FerryError

_TICK = 0.01
_LONGEST = 60.0


class BareWorker:
    """A worker without a recipe."""

    def perform(self, task: Task, stopped: Callable[[], bool]) -> Iterator[object]:
        """Do a task as every worker does."""
        return messages_of(task, None, stopped)


class Count(Struct, frozen=True):
    """Answers with so many numbers, then fails if `fault` says how."""

    number: int
    answers: int = 3
    fault: str = ""
    durable: ClassVar[bool] = False

    def work(self, _bench: object, _stopped: Callable[[], bool]) -> Iterator[tuple[int, int]]:
        """Yield (number of the task, number of the answer)."""
        for answer in range(self.answers):
            yield self.number, answer
        match self.fault:
            case "told":
                raise FerryError("this task cannot be done", hint="take another")
            case "bug":
                raise ValueError("a bug")
            case "death":
                os._exit(3)


class Crowd(Struct, frozen=True):
    """Answers with how many of its kind are under way."""

    folder: str
    number: int
    durable: ClassVar[bool] = False

    def work(self, _bench: object, _stopped: Callable[[], bool]) -> Iterator[int]:
        """Yield one number."""
        mark = Path(self.folder) / f"{self.number}.here"
        mark.touch()
        time.sleep(_TICK)
        yield len(list(mark.parent.glob("*.here")))
        mark.unlink()


class Lasting(Struct, frozen=True):
    """Does what must become durable; its file has a byte for each answer that it made."""

    folder: str
    answers: int
    durable: ClassVar[bool] = True

    def made(self) -> int:
        """Return how many answers it has made."""
        path = self._path
        return path.stat().st_size if path.exists() else 0

    def work(self, _bench: object, _stopped: Callable[[], bool]) -> Iterator[int]:
        """Yield numbers from 0."""
        with self._path.open("ab", buffering=0) as file:
            for answer in range(self.answers):
                file.write(b".")
                yield answer

    @property
    def _path(self) -> Path:
        return Path(self.folder) / "lasting"


class Endless(Struct, frozen=True):
    """Goes on until it is told to stop; a `deaf` one does not listen, a `mute` one tells nothing.

    Its file has a byte for each of its ticks.
    """

    folder: str
    deaf: bool = False
    mute: bool = False
    durable: ClassVar[bool] = True

    def ticks(self) -> int:
        """Return how far it has come."""
        path = self._path
        return path.stat().st_size if path.exists() else 0

    def work(self, _bench: object, stopped: Callable[[], bool]) -> Iterator[str]:
        """Yield "on" all the time, and "ended" when it was told."""
        end = time.monotonic() + _LONGEST
        with self._path.open("ab", buffering=0) as file:
            while time.monotonic() < end and (self.deaf or not stopped()):
                file.write(b".")
                time.sleep(_TICK)
                if not self.mute:
                    yield "on"
        yield "ended" if stopped() else "never told"

    @property
    def _path(self) -> Path:
        return Path(self.folder) / ("deaf" if self.deaf else "endless")
