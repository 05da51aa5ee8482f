"""Runs that are killed at a moment of the test's choosing, and what is left of them."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from support.cli import PROGRAM
from support.patience import until


def killed_run(recipe: Path, reached: Callable[[], object], *, workers: bool = False) -> int:
    """Run a recipe until `reached`, kill its main process, and with `workers` all the others.

    Returns the session that its workers are in. A run that ends before that is no error.
    """
    running = subprocess.Popen(
        [*PROGRAM, "run", str(recipe)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        until(lambda: running.poll() is not None or reached())
    finally:
        running.kill()
        if workers:
            with suppress(ProcessLookupError):
                os.killpg(running.pid, signal.SIGKILL)
        running.wait()
    if workers:
        until(lambda: not command_lines(running.pid))
    return running.pid


def command_lines(session: int) -> set[str]:
    """Return the command line of every living process of a session, as `ps` shows it."""
    return {line for line in _command_lines(session) if line}


def _command_lines(session: int) -> Iterator[str]:
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if os.getsid(int(folder.name)) == session:
                yield (folder / "cmdline").read_bytes().decode(errors="replace")
        except OSError:
            continue  # it has just ended
