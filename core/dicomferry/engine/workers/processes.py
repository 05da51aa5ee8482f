"""How this machine starts processes."""

from __future__ import annotations

import ctypes
import mmap
import multiprocessing
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from multiprocessing.context import ForkContext, SpawnContext
from multiprocessing.process import BaseProcess

from dicomferry.engine.pipeline.sign import Sign

_STOPPING = (signal.SIGINT, signal.SIGTERM)

_MOMENT = 1
"""Seconds in which a process that was killed ends, if it can."""


def process_context() -> ForkContext | SpawnContext:
    """Return the way to start processes: forked ones share what is loaded and start at once."""
    if sys.platform == "linux":
        return multiprocessing.get_context("fork")
    return multiprocessing.get_context("spawn")


def preload() -> None:
    """Import what associations need, once for all workers that are forked afterwards."""
    if sys.platform == "linux":
        import_module("pynetdicom.pdu")
        import_module("pynetdicom.presentation")


def shared_flag(context: ForkContext | SpawnContext) -> ctypes.c_bool:
    """Return a flag that this process and its workers share, and that is not set.

    It has no lock: a signal handler may set it while a worker reads it. Forked workers inherit a
    page of memory. `RawValue` would make a file in `/dev/shm`, which may be full.
    """
    if isinstance(context, ForkContext):
        return ctypes.c_bool.from_buffer(mmap.mmap(-1, mmap.PAGESIZE))
    return context.RawValue(ctypes.c_bool, False)


def shared_sign(context: ForkContext | SpawnContext) -> Sign:
    """Return a sign that this process and one worker share."""
    if isinstance(context, ForkContext):
        return Sign.from_buffer(mmap.mmap(-1, mmap.PAGESIZE))
    return context.RawValue(Sign)


def bury(process: BaseProcess) -> None:
    """Kill a process and wait for its end, but not for good.

    While the kernel waits for a disk that does not answer, a process does not end. It does nothing
    more either: it ends when the disk answers.
    """
    process.kill()
    process.join(_MOMENT)
    if process.is_alive():
        # Python joins its children when it ends itself, and would wait for good.
        process.join = _no_wait  # type: ignore[method-assign]


def _no_wait(timeout: float | None = None) -> None:  # noqa: ARG001  as `join` has it
    return


@contextmanager
def signals_held() -> Iterator[None]:
    """Let Ctrl-C and SIGTERM wait for the end of the block.

    A process that starts in the block inherits the main process's handlers. It holds the signals,
    too, until it has installed its own handlers.
    """
    if sys.platform == "win32":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _STOPPING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def leave_signals_to_the_main_process() -> None:
    """Make this process ignore Ctrl-C and SIGTERM, which go to the whole process group.

    The main process alone decides what they mean, and ends its processes by `SIGKILL`.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # A handler, unlike SIG_IGN, is not passed on to a program that a plug-in starts and terminates.
    signal.signal(signal.SIGTERM, _go_on)
    if sys.platform != "win32":
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPPING)


def leave_output_to_the_main_process() -> None:
    """Let go of the standard output: a worker that is given up would hold a pipe to `tee` open."""
    with suppress(OSError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.close(nowhere)


def _go_on(_signal: int, _frame: object) -> None:
    return
