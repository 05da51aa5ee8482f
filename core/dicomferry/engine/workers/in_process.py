"""An executor without processes: for a debugger, for unit tests, and for little work."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Self

from dicomferry.contract.executor import OpenWorker, Said, TaskT, Worker
from dicomferry.engine.workers.telling import in_batches


class InProcess:
    """One worker in the calling thread, whatever the size; implements `Executor`.

    A task goes on only while the caller waits for the next batch.
    """

    def __init__(self, open_worker: OpenWorker, _size: int) -> None:
        self._open_worker = open_worker
        self._worker: Worker | None = None
        self._stopped = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped = True

    def stop(self) -> None:
        """Begin no more tasks, and tell the one under way."""
        self._stopped = True

    def run(
        self,
        tasks: Iterator[TaskT | None],
        lanes: Callable[[], int] | None = None,  # noqa: ARG002  one task is never too many
        *,
        ahead: bool = False,  # noqa: ARG002  a task is done before the next one is begun
    ) -> Iterator[list[Said[TaskT]]]:
        """Do tasks one after the other and yield what is said of them."""
        while not self._stopped and (task := next(tasks, None)) is not None:
            self._worker = self._worker or self._open_worker()
            messages = self._worker.perform(task, lambda: self._stopped)
            for batch in in_batches(messages, durable=task.durable):
                yield [Said(task, message) for message in batch]
