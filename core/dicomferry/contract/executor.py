"""How the engine has its work done: the contract between it, an executor, and a worker.

The engine makes tasks (examine these items, bring this consignment) and gives them to an
`Executor`. An executor carries them to workers, in processes or wherever it likes, and hands back
what they say. It knows nothing of what a task is about, and a task knows nothing of where it is
done. The main process alone writes the ledger.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any, ClassVar, Generic, Protocol, Self, TypeVar

from msgspec import Struct

WINDOW = 32
"""Answers of a durable task that may be on their way to the ledger: what a killed run may have to
send again."""


class Task(Protocol):
    """A piece of work, as the engine gives it out. It and its answers can be pickled."""

    durable: ClassVar[bool]
    """Whether its answers tell what cannot be undone (an instance is stored). No more than
    `WINDOW` of them may be made and not be durable yet."""

    def work(self, bench: Any, stopped: Callable[[], bool], /) -> Iterator[object]:
        """Do the work at a worker's bench and yield the answers. Only a `Worker` calls it.

        Ends early when `stopped` says so. Raises `FerryError` for what the user can mend.
        """
        ...


TaskT = TypeVar("TaskT", bound=Task)


class Done(Struct, frozen=True):
    """A task has ended; `error` says why it ended early, `died` that its worker did too."""

    error: str = ""
    hint: str = ""
    died: bool = False


class Said(Struct, Generic[TaskT], frozen=True):
    """What was said about a task: one of its answers, or `Done`, which is the last."""

    task: TaskT
    message: object


class Worker(Protocol):
    """Does tasks one after the other, in one process or thread."""

    def perform(self, task: Task, stopped: Callable[[], bool]) -> Iterator[object]:
        """Do a task: yield its answers, then a `Done`. Whatever the task raises is in the `Done`.

        The task ends early once `stopped` returns true.
        """
        ...


OpenWorker = Callable[[], Worker]
"""Makes a worker in the process that calls it. It can be pickled."""


class Executor(Protocol):
    """Has tasks done by workers. A context manager that leaves nothing running behind."""

    def __enter__(self) -> Self:
        """Start what is needed."""
        ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the workers: after the tasks under way, or at once when there is an error."""
        ...

    def run(
        self,
        tasks: Iterator[TaskT | None],
        lanes: Callable[[], int] | None = None,
        *,
        ahead: bool = False,
    ) -> Iterator[list[Said[TaskT]]]:
        """Have tasks done and yield what is said of them, in batches as it comes.

        `Said.task` is the very object that came from `tasks`. Each task that was begun ends with
        one `Done`, and its answers come in order. A task that fails, and a worker that dies, end
        with an error and do not stop the others.

        No more tasks are under way than `lanes` returns at the time; without it, one to each
        worker. `ahead` says that the tasks do not depend on one another: then a worker may be
        given its next one early. A task that is None says that there is none for now: `tasks` is
        asked again when something was said, and the run ends when nothing is under way.

        By taking the next batch the caller says that the one before is durable. A batch may be
        empty: the caller looks about.
        """
        ...

    def stop(self) -> None:
        """Begin no more tasks, and tell those under way. Safe to call from a signal handler."""
        ...


ExecutorFactory = Callable[[OpenWorker, int], Executor]
"""Makes an executor of so many workers at most."""
