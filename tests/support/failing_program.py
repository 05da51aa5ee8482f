"""A program that runs dicomferry's verbs in forks of itself, each with one call that fails.

It is started with `failing_calls.c` preloaded. Each line of its input is a verb to run as JSON:
`arguments`, `folder`, `out`, `err`, and `number`, which call is to fail (0: none). It answers with
a line of JSON: `code`, None where the verb did not end in time, and `calls`, how many there were.
"""

from __future__ import annotations

import importlib
import json
import mmap
import os
import pkgutil
import signal
import struct
import sys
import time
from pathlib import Path
from typing import Any

PATIENCE = float(os.environ.get("FAILING_PATIENCE", "60"))


def import_all() -> None:
    """Import everything, so that no fork has to."""
    for package in ("dicomferry", "dicomferry_plugins"):
        folder = importlib.import_module(package).__path__
        for module in pkgutil.walk_packages(folder, f"{package}."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)
    for name in ("pydicom", "pydicom.charset", "pynetdicom", "requests", "ruamel.yaml"):
        importlib.import_module(name)


def run(order: dict[str, Any], counter: mmap.mmap) -> None:
    """Run one verb; does not return."""
    os.setsid()
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
        counter[:16] = struct.pack("ll", 0, order["number"])
        from dicomferry.cli import main

        main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException as error:  # noqa: BLE001  the program ends so, too
        os.write(2, f"Traceback: {error!r}\n".encode())
        code = 99
    finally:
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except OSError:
                code = code or 98
        os._exit(code)


def ended(pid: int) -> int | None:
    """Wait for a child; return its exit code, None where it was killed for its time."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.005)
    os.killpg(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return None


def serve() -> None:
    import_all()
    with Path(os.environ["FAILING_COUNTER"]).open("r+b") as file:
        counter = mmap.mmap(file.fileno(), 4096)
    print("ready", flush=True)
    for line in sys.stdin:
        counter[:16] = struct.pack("ll", 0, 0)
        pid = os.fork()
        if pid == 0:
            run(json.loads(line), counter)
        code = ended(pid)
        (calls,) = struct.unpack("l", counter[:8])
        print(json.dumps({"code": code, "calls": calls}), flush=True)


if __name__ == "__main__":
    serve()
