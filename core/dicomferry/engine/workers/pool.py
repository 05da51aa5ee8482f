"""The local executor: worker processes with a pipe each, so that none can hang the others."""

from __future__ import annotations

import ctypes
import errno
import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Generic, Self

from msgspec import Struct

from dicomferry.contract.executor import Done, OpenWorker, Said, TaskT
from dicomferry.engine.pipeline.sign import Sign
from dicomferry.engine.workers.lookout import Lookout
from dicomferry.engine.workers.pipe import (
    ROOM,
    hang_up,
    open_pipe,
    packed,
    receive,
    send_or_end,
)
from dicomferry.engine.workers.processes import (
    bury,
    leave_output_to_the_main_process,
    leave_signals_to_the_main_process,
    process_context,
    shared_flag,
    shared_sign,
    signals_held,
)
from dicomferry.engine.workers.worker import Kept, work
from dicomferry.errors import FerryError

_AHEAD = 12
"""Tasks that a worker has at most where they do not depend on one another.

A pipe has room for them, so that a write to a worker never blocks the main process.
"""

_WAIT = 0.2
"""Seconds after which the caller gets a turn even when no worker has said anything."""

_FAREWELL = 60
"""Seconds that a worker has to end in once it has no task left; then it is killed."""


class _Given(Struct, Generic[TaskT], frozen=True):
    """A task for a worker, and as it goes through the pipe."""

    task: TaskT
    data: bytes


class _Member(Struct, frozen=True):
    """A worker process, and the watch over its sign of life."""

    process: BaseProcess
    lookout: Lookout


class Pool:
    """`size` worker processes on this machine; implements `dicomferry.contract.Executor`."""

    def __init__(self, open_worker: OpenWorker, size: int) -> None:
        self._context = process_context()
        self._stop = shared_flag(self._context)
        self._open_worker = open_worker
        self._workers: dict[Connection, _Member] = {}
        self._size = max(1, size)

    def __enter__(self) -> Self:
        try:
            with signals_held():
                self._begin_all()
        except BaseException as error:  # a held Ctrl-C is delivered when the block ends
            self.__exit__(type(error), error, None)
            raise
        return self

    def _begin_all(self) -> None:
        for _ in range(self._size):
            try:
                self._begin()
            except OSError as error:
                if self._workers:
                    return  # fewer do
                files = error.errno == errno.EMFILE
                raise FerryError(
                    f"no worker process can be started: {error.strerror}",
                    hint="raise the limit on open files (ulimit -n), then run again"
                    if files
                    else "free some memory or end other programs, then run again",
                ) from error

    def _begin(self) -> Connection:
        here, there = open_pipe(self._context)
        sign = shared_sign(self._context)
        process = self._context.Process(
            target=_start, daemon=True,
            args=(self._open_worker, there, self._stop, os.getpid(), sign, (*self._workers, here)),
        )  # fmt: skip
        try:
            process.start()
        except OSError:
            here.close()
            there.close()
            raise
        there.close()
        self._workers[here] = _Member(process, Lookout(sign, process.pid or 0))
        return here

    def _replace(self, dead: Connection) -> tuple[str, Connection | None]:
        """Return why a worker ended, and the pipe of another one if the system starts one."""
        process = self._workers.pop(dead).process
        dead.close()
        process.join(_WAIT)
        why = _reason(process.exitcode)
        bury(process)  # one that only closed its pipe
        try:
            with signals_held():
                return why, self._begin()
        except OSError:
            return why, None

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.stop()
        for connection in self._workers:
            hang_up(connection)
        try:
            for member in self._workers.values():
                member.process.join(_FAREWELL if kind is None else 1)
        finally:
            # A second Ctrl-C may have interrupted `join`.
            for member in self._workers.values():
                bury(member.process)

    def _late(self, one: Connection) -> Done | None:
        """Return the end of a worker's task where it is at one thing for too long."""
        lookout = self._workers[one].lookout
        if not lookout.is_late():
            return None
        return Done(lookout.why, died=True, item=lookout.item, at=lookout.at)

    def stop(self) -> None:
        """Ask the workers to end after the instance they are at."""
        self._stop.value = True

    def run(
        self,
        tasks: Iterator[TaskT | None],
        lanes: Callable[[], int] | None = None,
        *,
        ahead: bool = False,
    ) -> Iterator[list[Said[TaskT]]]:
        """Have tasks done by the worker processes and yield what these say.

        With `ahead` a worker has its next tasks in its pipe before it is done with the last one,
        so that it never waits for the caller.
        """
        most = _AHEAD if ahead else 1
        round_ = _Round(self._workers, tasks, lanes, most, lambda: self._stop.value, self._replace,
                       self._late)  # fmt: skip
        while round_.goes_on():
            said, answers = round_.hear()
            yield said
            _acknowledge(answers)


class _Round(Generic[TaskT]):
    """One run of tasks: which worker has which, and what the workers say."""

    def __init__(
        self, workers: Iterable[Connection], tasks: Iterator[TaskT | None],
        lanes: Callable[[], int] | None, most: int, stopped: Callable[[], bool],
        replace: Callable[[Connection], tuple[str, Connection | None]],
        late: Callable[[Connection], Done | None],
    ) -> None:  # fmt: skip
        self._queues: dict[Connection, deque[_Given[TaskT]]] = {one: deque() for one in workers}
        self._tasks = tasks
        self._lanes = lanes
        self._most = most
        self._stopped = stopped
        self._replace = replace
        self._late = late
        self._again: deque[_Given[TaskT]] = deque()

    def goes_on(self) -> bool:
        """Give out what may be given out now; return whether anything is under way."""
        self._give()
        return any(self._queues.values())

    def hear(self) -> tuple[list[Said[TaskT]], dict[Connection, int]]:
        """Return what the workers say, and how many answers each waits to have acknowledged."""
        said: list[Said[TaskT]] = []
        answers: dict[Connection, int] = {}
        for ready in wait([one for one, queue in self._queues.items() if queue], _WAIT):
            assert isinstance(ready, Connection)  # noqa: S101  only these were waited for
            queue = self._queues[ready]
            for message in _drain(ready):
                if not isinstance(message, Done):
                    said.append(Said(queue[0].task, message))
                    answers[ready] = answers.get(ready, 0) + 1
                    continue
                # The worker does not wait for an acknowledgement of a task's last answers.
                answers.pop(ready, None)
                over = queue.popleft()
                said.append(Said(over.task, self._buried(ready) if message.died else message))
        said += self._given_up()
        if self._most > 1:
            self._give()
        return said, answers

    def _given_up(self) -> Iterator[Said[TaskT]]:
        """End the workers that are at one thing for too long; yield the ends of their tasks."""
        for one in [one for one, queue in self._queues.items() if queue]:
            if late := self._late(one):
                over = self._queues[one].popleft()
                self._buried(one)
                yield Said(over.task, late)

    def _buried(self, dead: Connection) -> Done:
        """Have another worker do the tasks that a dead one had not begun; return why it died."""
        self._again.extendleft(reversed(self._queues.pop(dead)))
        why, new = self._replace(dead)
        if new is not None:
            self._queues[new] = deque()
        return Done(why, died=True)

    def _give(self) -> None:
        while self._queues and not self._stopped():
            connection, queue = min(self._queues.items(), key=lambda one: len(one[1]))
            busy = sum(map(bool, self._queues.values()))
            if len(queue) >= self._most or (not queue and self._lanes and busy >= self._lanes()):
                return
            if not self._again and (given := _next_of(self._tasks)):
                self._again.append(given)
            if not self._again:
                return
            if queue and sum(len(one.data) for one in (*queue, self._again[0])) > ROOM:
                return
            queue.append(self._again.popleft())
            send_or_end(connection, queue[-1].data)  # `_drain` reports a worker that has ended


def _next_of(tasks: Iterator[TaskT | None]) -> _Given[TaskT] | None:
    task = next(tasks, None)
    return None if task is None else _Given(task, packed(task))


def _reason(code: int | None) -> str:
    """Say why a worker process ended, by its exit code (negative: the signal that ended it)."""
    if code is None or code >= 0:
        return "a worker process died"
    if code == -signal.SIGXCPU:
        return "a worker process was ended: it took too much of the processor"
    if code == -signal.SIGKILL:
        return "a worker process was killed, perhaps for want of memory"
    return f"a worker process died by signal {-code}"


def _start(
    open_worker: OpenWorker, inbox: Connection, stop: ctypes.c_bool, parent: int, sign: Sign,
    others: tuple[Connection, ...],
) -> None:  # fmt: skip
    leave_signals_to_the_main_process()
    leave_output_to_the_main_process()
    # A forked worker inherits the main process's ends of all pipes. While one of them is open, no
    # worker notices that the main process is gone.
    for connection in others:
        connection.close()
    work(open_worker, inbox, stop, parent, sign)


def _acknowledge(answers: dict[Connection, int]) -> None:
    for connection, number in answers.items():
        send_or_end(connection, packed(Kept(number)))


def _drain(connection: Connection) -> Iterator[object]:
    try:
        while True:
            messages: list[object] = receive(connection)
            yield from messages
            if isinstance(messages[-1], Done) or not connection.poll():
                return
    except (EOFError, OSError):
        yield Done(_reason(None), died=True)
