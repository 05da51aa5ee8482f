"""Runs a command and measures its time, its CPU time and its largest memory."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of time, seconds of CPU of all processes, and the largest memory in megabytes."""

    wall: float
    cpu: float
    megabytes: float = 0.0


def run(
    command: Sequence[str | Path],
    env: Mapping[str, str] | None = None,
    *,
    memory: bool = False,
    check: bool = True,
) -> Cost:
    """Run a command to its end; with `check`, `CalledProcessError` has its output when it fails.

    `memory` samples the proportional memory of the process and its children, which costs CPU.
    """
    started, before = time.perf_counter(), os.times()
    process = subprocess.Popen(
        [str(word) for word in command], env=os.environ | dict(env or {}), stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    sampler = _Sampler(process.pid)
    if memory:
        sampler.start()
    output, _ = process.communicate()
    wall, after = time.perf_counter() - started, os.times()
    sampler.done.set()
    if check and process.returncode:
        raise subprocess.CalledProcessError(process.returncode, process.args, output)
    cpu = sum(after[2:4]) - sum(before[2:4])
    return Cost(wall, cpu, sampler.most / 1024)


def middle(costs: Sequence[Cost]) -> Cost:
    """Return the medians."""
    return Cost(
        median(cost.wall for cost in costs),
        median(cost.cpu for cost in costs),
        max(cost.megabytes for cost in costs),
    )


class _Sampler(threading.Thread):
    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._pid = pid
        self.done = threading.Event()
        self.most = 0

    def run(self) -> None:
        while not self.done.wait(0.1):
            self.most = max(self.most, sum(map(_kilobytes, _family(self._pid))))


def _family(pid: int) -> list[int]:
    """Return a process and its descendants (proc(5), /proc/PID/task/TID/children)."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [pid, *(member for child in children for member in _family(int(child)))]


def _kilobytes(pid: int) -> int:
    """Return a process's memory; it counts its share of shared pages."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
