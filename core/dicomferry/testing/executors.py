"""What every executor promises."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from operator import length_hint
from pathlib import Path

from dicomferry.contract.executor import WINDOW, Done, Executor, ExecutorFactory, Said, TaskT
from dicomferry.testing.contract import require
from dicomferry.testing.executor_tasks import BareWorker, Count, Crowd, Endless, Lasting

_SIZE = 3
_TASKS = 30
_ANSWERS = 4 * WINDOW
_AFTER_STOP = 100
"""Batches after which a task that ends when it is told to has not been told."""
_PAUSE = 0.02
"""Seconds in which a worker that ran ahead would get further."""


class _LeftError(Exception):
    """Why an executor is left."""


def check_executor(make: ExecutorFactory, folder: Path, *, processes: bool) -> None:
    """Raise `ContractError` unless the executors that `make` makes keep their contract.

    Its tasks leave marks in `folder`, an empty one that all workers see. `processes` says that a
    worker is a process of its own: then some of them die.
    """
    with make(BareWorker, _SIZE) as executor:
        _check_answers(executor)
        _check_answers(executor, ahead=True)
        _check_lanes(executor, folder, 2)
        _check_lanes(executor, folder, 1)
        _check_none_for_now(executor)
        _check_trouble(executor)
        _check_window(executor, folder)
    with make(BareWorker, 1) as executor:
        _check_order(executor)
    if processes:
        with make(BareWorker, _SIZE) as executor:
            _check_death(executor)
    _check_stop(make, folder)
    _check_leaving(make, folder)


def _check_answers(executor: Executor, *, ahead: bool = False) -> None:
    tasks = [Count(number, number % 5) for number in range(_TASKS)]
    said = _run(executor, tasks, ahead=ahead)
    _check_each(tasks, said)
    errors = [done.error for done in _dones(said) if done.error]
    require(not errors, f"a task that did not fail ended with an error: {errors}")


def _check_each(tasks: Sequence[Count], said: Sequence[Said[Count]]) -> None:
    """Each task has its own answers in order, and then one `Done`."""
    given = {id(task) for task in tasks}
    require(all(id(one.task) in given for one in said), "Said.task is not the task that was given")
    for task in tasks:
        messages = [one.message for one in said if one.task is task]
        ends = [message for message in messages if isinstance(message, Done)]
        require(len(ends) == 1, f"a task was ended by {len(ends)} Dones, not by one")
        require(messages[-1] is ends[0], "a task was answered after its Done")
        wanted = [(task.number, answer) for answer in range(task.answers)]
        require(messages[:-1] == wanted, f"the answers {wanted} came as {messages[:-1]}")


def _check_lanes(executor: Executor, folder: Path, lanes: int) -> None:
    tasks = [Crowd(str(folder), number) for number in range(_TASKS)]
    said = [one for batch in executor.run(iter(tasks), lambda: lanes) for one in batch]
    crowds = [one.message for one in said if isinstance(one.message, int)]
    require(len(crowds) == len(tasks), "not all tasks were done")
    require(max(crowds) <= lanes, f"{max(crowds)} tasks were under way over {lanes} lanes")


def _check_none_for_now(executor: Executor) -> None:
    tasks = [Count(number) for number in range(3)]
    under_way: list[Count] = []

    def one_at_a_time() -> Iterator[Count | None]:
        for task in tasks:
            while under_way:
                yield None
            under_way.append(task)
            yield task
        while True:
            yield None

    said: list[Said[Count]] = []
    for batch in executor.run(one_at_a_time()):
        said += batch
        for one in batch:
            if isinstance(one.message, Done):
                under_way.remove(one.task)
    _check_each(tasks, said)


def _check_trouble(executor: Executor) -> None:
    tasks = [Count(0), Count(1, fault="told"), Count(2, fault="bug"), Count(3)]
    said = _run(executor, tasks)
    _check_each(tasks, said)
    well, told, bug, last = (_end_of(task, said) for task in tasks)
    require(not well.error and not last.error, "a task that fails stops others")
    message, hint = "this task cannot be done", "take another"
    require((told.error, told.hint) == (message, hint), "the message or hint of an error is lost")
    require(bool(bug.error), "a task that raised ended without an error")
    require(not (told.died or bug.died), "a task that raises is no reason for a worker to die")


def _check_window(executor: Executor, folder: Path) -> None:
    task = Lasting(str(folder), _ANSWERS)
    durable, came = 0, []
    for batch in executor.run(iter([task])):
        time.sleep(_PAUSE)
        ahead = task.made() - durable
        require(ahead <= WINDOW, f"{ahead} answers were made and are not durable yet")
        came += [one.message for one in batch if not isinstance(one.message, Done)]
        durable = len(came)
    require(came == list(range(_ANSWERS)), "the answers of a durable task are not all there")


def _check_order(executor: Executor) -> None:
    tasks = [Count(number) for number in range(_TASKS)]
    said = _run(executor, tasks, ahead=True)
    ended = [one.task.number for one in said if isinstance(one.message, Done)]
    require(ended == list(range(_TASKS)), f"one worker did its tasks in the order {ended}")


def _check_death(executor: Executor) -> None:
    dying = Count(0, answers=0, fault="death")
    others = [Count(number) for number in range(1, _TASKS)]
    said = _run(executor, [dying, *others])
    end = _end_of(dying, said)
    require(bool(end.error) and end.died, f"a worker died, and its task ended with {end}")
    _check_each(others, [one for one in said if one.task is not dying])
    errors = [done.error for done in _dones(said) if done is not end and done.error]
    require(not errors, f"a worker that died stopped others: {errors}")


def _check_stop(make: ExecutorFactory, folder: Path) -> None:
    endless = Endless(str(folder))
    all_tasks: list[Endless | Count] = [endless, *(Count(number) for number in range(_TASKS))]
    coming = iter(all_tasks)
    left = after = 0
    said: list[Said[Endless | Count]] = []
    with make(BareWorker, 1) as executor:
        batches: Iterator[list[Said[Endless | Count]]] = executor.run(coming)
        for batch in batches:
            said += batch
            after += bool(left and batch and batch[0].task is endless)
            require(after < _AFTER_STOP, "stop() does not reach the task under way")
            if batch and not left:
                executor.stop()
                left = length_hint(coming)
    require(length_hint(coming) == left, "a task was begun after stop()")
    messages = [one.message for one in said if one.task is endless]
    require("ended" in messages, "a task that was stopped was not let come to its end")
    require(isinstance(messages[-1], Done), "a task that was stopped did not end with a Done")
    with make(BareWorker, 1) as executor:
        executor.stop()
        require(not _run(executor, [Count(0)]), "an executor that was stopped begins a task")


def _check_leaving(make: ExecutorFactory, folder: Path) -> None:
    deaf = Endless(str(folder), deaf=True)
    with suppress(_LeftError):
        _leave(make, deaf)
    ticks = deaf.ticks()
    time.sleep(10 * _PAUSE)
    require(0 < ticks == deaf.ticks(), "a task goes on although its executor was left")


def _leave(make: ExecutorFactory, task: Endless) -> None:
    with make(BareWorker, _SIZE) as executor:
        for batch in executor.run(iter([task])):
            if batch:
                raise _LeftError


def _run(executor: Executor, tasks: Iterable[TaskT], *, ahead: bool = False) -> list[Said[TaskT]]:
    batches = executor.run(iter(tasks), ahead=ahead)
    return [one for batch in batches for one in batch]


def _end_of(task: Count, said: Sequence[Said[Count]]) -> Done:
    return next(one.message for one in said if one.task is task and isinstance(one.message, Done))


def _dones(said: Sequence[Said[Count]]) -> list[Done]:
    return [one.message for one in said if isinstance(one.message, Done)]
