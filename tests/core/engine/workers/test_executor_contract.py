"""Every executor of dicomferry's own keeps the contract, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from multiprocessing import active_children
from pathlib import Path
from typing import Any

import pytest

from dicomferry.contract.executor import Done
from dicomferry.engine.workers.in_process import InProcess
from dicomferry.engine.workers.pool import Pool
from dicomferry.testing import check_executor
from dicomferry.testing.executor_tasks import BareWorker, Count, Endless
from support.patience import PATIENCE, until


def test_worker_processes_keep_the_contract(tmp_path: Path) -> None:
    check_executor(Pool, tmp_path, processes=True)


def test_the_executor_without_processes_keeps_the_contract(tmp_path: Path) -> None:
    check_executor(InProcess, tmp_path, processes=False)


def test_no_worker_process_is_left_behind() -> None:
    with Pool(BareWorker, 3) as pool:
        list(pool.run(iter([Count(0)])))

    assert not active_children()


def test_no_worker_process_is_left_behind_by_an_exception(tmp_path: Path) -> None:
    def leave() -> None:
        with Pool(BareWorker, 2) as pool:
            for said in pool.run(iter([Endless(str(tmp_path), deaf=True)])):
                if said:
                    raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        leave()

    assert not active_children()


def test_a_worker_that_died_idle_costs_no_more_than_one_task() -> None:
    with Pool(BareWorker, 2) as pool:
        list(pool.run(iter([Count(0), Count(1)])))
        dead = active_children()[0]
        assert dead.pid
        os.kill(dead.pid, signal.SIGKILL)
        dead.join()
        tasks = [Count(number) for number in range(10)]
        said = [one for batch in pool.run(iter(tasks)) for one in batch]

    ends = [one.message for one in said if isinstance(one.message, Done)]
    assert len(ends) == len(tasks)
    assert [end.died for end in ends if end.error] == [True]


def test_a_task_that_could_not_be_sent_costs_a_worker_and_no_other_task() -> None:
    with Pool(BareWorker, 1) as pool:
        (worker,) = active_children()
        assert worker.pid
        os.kill(worker.pid, signal.SIGSTOP)  # it does not read what it is sent
        (connection,) = pool._workers
        os.set_blocking(connection.fileno(), False)
        tasks = [Count(0, fault="long" * (1 << 20)), *map(Count, range(1, 4))]
        said = []
        for batch in pool.run(iter(tasks)):
            said += batch
            with suppress(ProcessLookupError):
                os.kill(worker.pid, signal.SIGCONT)

    ends = [one.message for one in said if isinstance(one.message, Done)]
    assert len(ends) == len(tasks)
    assert [end.died for end in ends if end.error] == [True]


def test_a_signal_handler_may_stop_it_wherever_it_is() -> None:
    with Pool(BareWorker, 2) as pool:

        def interrupted(_frame: object, _event: str, _argument: object) -> Any:
            pool.stop()
            return interrupted

        def work() -> None:
            for _ in pool.run(Count(number) for number in range(1_000)):
                sys.settrace(interrupted)  # calls it at each line from here on

        worked = threading.Thread(target=work, daemon=True)
        worked.start()
        worked.join(PATIENCE)

        assert not worked.is_alive()


INTERRUPTED = """
import os, signal, sys
from multiprocessing import active_children
from dicomferry.engine.workers.pool import Pool
from dicomferry.testing.executor_tasks import BareWorker

def interrupt():
    os.kill(os.getpid(), signal.SIGINT)

signal.signal(signal.SIGINT, signal.default_int_handler)
os.register_at_fork(after_in_parent=interrupt, after_in_child=interrupt)
try:
    with Pool(BareWorker, 3):
        sys.exit("was not interrupted")
except KeyboardInterrupt:
    sys.exit(len(active_children()))
"""


def test_an_interrupt_while_workers_start_leaves_none_behind() -> None:
    result = subprocess.run(
        [sys.executable, "-c", INTERRUPTED], capture_output=True, text=True, timeout=PATIENCE
    )

    assert (result.returncode, result.stderr) == (0, "")


ORPHANING = """
import os, sys
from dicomferry.engine.workers.pool import Pool
from dicomferry.testing.executor_tasks import BareWorker, Endless

with Pool(BareWorker, 1) as pool:
    task = Endless(sys.argv[1], mute=True)
    for said in pool.run(iter([task])):
        if task.ticks():
            os._exit(1)
"""


def test_a_worker_whose_main_process_is_gone_ends_its_task(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", ORPHANING, str(tmp_path)], check=False)
    task = Endless(str(tmp_path), mute=True)
    assert task.ticks()

    def stands_still() -> bool:
        before = task.ticks()
        time.sleep(0.2)
        return task.ticks() == before

    until(stands_still)
