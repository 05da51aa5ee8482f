"""An executor: all work is done at one desk, and the desk's book has a line for each task."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Self

import msgspec

from dicomferry import Component, Context
from dicomferry.contract import Done, ExecutorFactory, OpenWorker, Said, TaskT, Worker


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the book lies."""

    book: Annotated[str, msgspec.Meta(description="file to note each task in")]


@dataclass
class Desk:
    """Does one task after the other; each answer is handed over before the next one is made."""

    book: Path
    worker: Worker
    stopped: bool = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.stopped = True

    def stop(self) -> None:
        """Put the pen down after this task."""
        self.stopped = True

    def run(
        self,
        tasks: Iterator[TaskT | None],
        lanes: Callable[[], int] | None = None,
        *,
        ahead: bool = False,
    ) -> Iterator[list[Said[TaskT]]]:
        """Do the tasks and note them."""
        while not self.stopped and (task := next(tasks, None)) is not None:
            for message in self.worker.perform(task, lambda: self.stopped):
                yield [Said(task, message)]
                if isinstance(message, Done):
                    self._note(f"{type(task).__name__} {message.error or 'done'}")

    def _note(self, line: str) -> None:
        with self.book.open("a") as file:
            file.write(line + "\n")


def _build(options: Options, context: Context) -> ExecutorFactory:
    book = context.path(options.book)

    def make(open_worker: OpenWorker, size: int) -> Desk:
        return Desk(book, open_worker())

    return make


DESK = Component("seaside-desk", "One desk for all work, with a book", Options, _build)
