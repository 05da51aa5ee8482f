"""What planning, delivery and retrieval work with."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from msgspec import Struct

from dicomferry.contract.executor import Executor, ExecutorFactory
from dicomferry.engine.pipeline.steps import Steps
from dicomferry.engine.workers.workbench import WorkerSpec, open_workbench
from dicomferry.ledger.store import Ledger

Progress = Callable[[str, int, int | None], None]
"""Told what is being done, how many are done, and of how many if that is known."""


class Workshop(Struct, frozen=True):
    """The recipe's steps, the ledger, and the way to have work done by `processes` workers.

    `executor` makes executors; the session chose it. `spec` is what their workers are built from.
    """

    steps: Steps
    ledger: Ledger
    spec: WorkerSpec
    processes: int
    progress: Progress
    executor: ExecutorFactory

    def workers(self, size: int) -> Executor:
        """Return an executor of so many workers at most; it starts when it is entered."""
        return self.executor(partial(open_workbench, self.spec), size)
