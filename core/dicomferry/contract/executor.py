"""The contract between the engine, an executor, and its workers.

The engine makes tasks (examine these items, bring this consignment) and gives them to an
`Executor`. An executor has workers do them, in processes or elsewhere, and returns what
the workers say. It does not look into a task, and a task does not know where a worker does it. The
main process alone writes the ledger.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any, ClassVar, Generic, Protocol, Self, TypeVar

from msgspec import Struct

WINDOW = 32
"""How many answers of a durable task may wait for the ledger: a killed run may send so many
instances again."""


class Task(Protocol):
    """A piece of work that the engine gives to an executor. It and its answers can be pickled."""

    durable: ClassVar[bool]
    """Whether its answers say what nobody can undo (an instance is stored). No more than `WINDOW`
    of them may wait for the ledger."""

    def work(self, bench: Any, stopped: Callable[[], bool], /) -> Iterator[object]:
        """Do the work at a worker's bench and yield the answers. Only a `Worker` calls it.

        Ends early when `stopped` returns true. Raises `FerryError` for errors of the user.
        """


TaskT = TypeVar("TaskT", bound=Task)


class Done(Struct, frozen=True):
    """A task has ended; `error` says why it ended early, `died` that its worker did too.

    `item` is the id of an item at which the worker did not answer, and was ended for it; -1 where
    it was at no item. `at` is what its sign of life said that it was at.
    """

    error: str = ""
    hint: str = ""
    died: bool = False
    item: int = 0
    at: bytes = b""


class Said(Struct, Generic[TaskT], frozen=True):
    """A message about a task: one of its answers, or `Done`, which is the last."""

    task: TaskT
    message: object


class Worker(Protocol):
    """Does tasks one after the other, in one process or thread."""

    def perform(self, task: Task, stopped: Callable[[], bool]) -> Iterator[object]:
        """Do a task: yield its answers, then a `Done`, which has the error that the task raises.

        The task ends early once `stopped` returns true.
        """


OpenWorker = Callable[[], Worker]
"""Makes a worker in the calling process. It can be pickled."""


class Executor(Protocol):
    """Has workers do tasks. A context manager that leaves no worker running."""

    def __enter__(self) -> Self:
        """Start the workers."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        """End the workers: after the tasks under way, or at once when there is an error."""

    def run(
        self,
        tasks: Iterator[TaskT | None],
        lanes: Callable[[], int] | None = None,
        *,
        ahead: bool = False,
    ) -> Iterator[list[Said[TaskT]]]:
        """Have workers do tasks, and yield their messages in batches.

        `Said.task` is the very object that `tasks` gave. Each task that a worker begins ends with
        one `Done`, and its answers come in order. A task that fails, or whose worker dies, has an
        error in its `Done`, and the other tasks go on.

        No more tasks are under way than `lanes` returns at the time; without `lanes`, each worker
        has one. `ahead` says that the tasks do not depend on one another: then an executor may give
        a worker its next task early. A task that is None says that there is none now: the executor
        asks `tasks` again after the next message, and ends when no task is under way.

        When the caller takes the next batch, the batch before is durable. A batch may be empty, so
        that the caller gets control.
        """

    def stop(self) -> None:
        """Begin no more tasks, and tell those under way. A signal handler may call it."""


ExecutorFactory = Callable[[OpenWorker, int], Executor]
"""Makes an executor with at most the given number of workers."""
