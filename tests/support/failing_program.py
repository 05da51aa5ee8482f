"""A program that runs dicomferry's verbs in forks of itself, each with one call that fails.

It is started with `failing_calls.c` preloaded. Each line of its input is a verb to run as JSON:
`arguments`, `folder`, `out`, `err`, and `number`, which call is to fail (0: none). It answers with
a line of JSON: `code`, None where the verb did not end in time, `calls`, how many could have
failed, and `failed`, the name of the one that did.
Without `number` it runs the verb in itself: what is imported and cached then, no fork has to.
"""

from __future__ import annotations

import ctypes
import functools
import gc
import json
import mmap
import os
import signal
import struct
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

COUNTER = struct.Struct("ll32s")
"""How many calls there were, which of them fails, and its name (`failing_calls.c`)."""

PATIENCE = float(os.environ.get("FAILING_PATIENCE", "60"))


def run(order: dict[str, Any]) -> int:
    """Run one verb and return its exit code."""
    for fd, path, flags in (
        (0, os.devnull, os.O_RDONLY),
        (1, order["out"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
        (2, order["err"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
    ):
        opened = os.open(path, flags, 0o600)
        os.dup2(opened, fd)
        os.close(opened)
    os.chdir(order["folder"])
    sys.argv = ["dicomferry", *order["arguments"]]
    code = 70
    try:
        from dicomferry.cli import main

        main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException as error:  # noqa: BLE001  the program ends so, too
        os.write(2, f"Traceback: {error!r}\n".encode())
        code = 99
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            code = code or 98
    return code


def forked(order: dict[str, Any], counter: mmap.mmap) -> int | None:
    """Run one verb in a fork; return its exit code, None where it did not end in time."""
    pid = os.fork()
    os.setpgid(pid, pid)  # the parent does it, too: whoever is first
    if pid == 0:
        COUNTER.pack_into(counter, 0, 0, order["number"], b"")
        os._exit(run(order))
    return ended(pid)


def ended(group: int) -> int | None:
    """Wait for a child and all that it started; return its exit code, None where one hangs."""
    end = time.monotonic() + PATIENCE
    code = None
    with suppress(ChildProcessError):  # none is left
        while time.monotonic() < end:
            found, status = os.waitpid(-group, os.WNOHANG)
            if found == group:
                code = os.waitstatus_to_exitcode(status)
            if not found:
                time.sleep(0.002)
        os.killpg(group, signal.SIGKILL)
        code = None
        while True:
            os.waitpid(-group, 0)
    return code


def adopt_orphans() -> None:
    """Have the system make what a child leaves behind a child of this process (prctl(2))."""
    set_child_subreaper = 36
    ctypes.CDLL(None).prctl(set_child_subreaper, 1, 0, 0, 0)


def read_the_program_once() -> None:
    """Read the program's own files and plug-ins once, and not for each of a thousand verbs."""
    from dicomferry import host
    from dicomferry.engine.provenance import lock_file

    lock_file.code_digest = functools.cache(lock_file.code_digest)
    host.load_plugins = functools.cache(host.load_plugins)


def serve() -> None:
    with Path(os.environ["FAILING_COUNTER"]).open("r+b") as file:
        counter = mmap.mmap(file.fileno(), 4096)
    adopt_orphans()
    read_the_program_once()
    orders, answers = os.fdopen(os.dup(0)), os.fdopen(os.dup(1), "w")
    for line in orders:
        order = json.loads(line)
        code = forked(order, counter) if "number" in order else run(order)
        calls, _, failed = COUNTER.unpack_from(counter)
        COUNTER.pack_into(counter, 0, 0, 0, b"")
        gc.collect()
        gc.freeze()
        answer = {"code": code, "calls": calls, "failed": failed.rstrip(b"\0").decode()}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    serve()
