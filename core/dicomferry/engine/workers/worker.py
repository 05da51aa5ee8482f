"""The body of a worker process: tasks come through a pipe, and their answers go back through it."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable
from multiprocessing.connection import Connection

from msgspec import Struct

from dicomferry.contract.executor import WINDOW, Done, OpenWorker, Task, Worker
from dicomferry.engine.pipeline.sign import Sign
from dicomferry.engine.workers.lookout import Signing
from dicomferry.engine.workers.pipe import receive, send
from dicomferry.engine.workers.telling import AT_ONCE, in_batches
from dicomferry.errors import OverLimitError


class Kept(Struct, frozen=True):
    """The main process has made this many answers durable."""

    answers: int


def work(
    open_worker: OpenWorker, inbox: Connection, stop: ctypes.c_bool, parent: int, sign: Sign
) -> None:
    """Do the tasks of the main process `parent` until it closes the pipe."""
    worker = open_worker()
    if isinstance(worker, Signing):
        worker.show_on(sign)

    def stopped() -> bool:
        # An orphan must not go on sending beside the run that follows it.
        return stop.value or os.getppid() != parent

    try:
        while True:
            _perform(worker, receive(inbox), inbox, stopped)
    except (EOFError, OSError, OverLimitError, MemoryError):
        return  # the main process sees a pipe that was closed


def _perform(worker: Worker, task: Task, inbox: Connection, stopped: Callable[[], bool]) -> None:
    """Do a task and send its messages, at most `WINDOW` answers ahead of the ledger.

    The worker does not wait for an acknowledgement of a task's last answers.
    """
    under_way = 0
    for batch in in_batches(worker.perform(task, stopped), durable=task.durable):
        if isinstance(batch[-1], Done):
            _wait(inbox, under_way, 0)
            send(inbox, batch)
            return
        send(inbox, batch)
        under_way = _wait(inbox, under_way + len(batch), WINDOW - AT_ONCE)


def _wait(inbox: Connection, under_way: int, most: int) -> int:
    """Wait until `most` answers are not durable yet; return how many there are."""
    while under_way > most:
        kept: Kept = receive(inbox)
        under_way -= kept.answers
    return under_way
