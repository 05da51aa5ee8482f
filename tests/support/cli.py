"""Run dicomferry as its users do: as a process of its own."""

from __future__ import annotations

import atexit
import functools
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

PROGRAM = (sys.executable, "-c", "from dicomferry.cli import main; main()")

TIMEOUT = 600.0
"""Seconds a verb has."""

_AT_THE_START = ("PYTHON", "LC_", "LANG", "TZ")
"""What begins the names of variables that an interpreter looks at when it starts."""


def ferry(
    *arguments: object, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `dicomferry` with `arguments` and return what it printed and how it ended.

    The process is a fork of one that has imported the program already: a suite starts thousands.
    It is a new interpreter where `env` has a variable that only a new one looks at.
    """
    words, environ = [*map(str, arguments)], os.environ | (env or {})
    program = _forking_program()
    if program.started_with == _at_the_start(environ):
        return program.run(words, cwd or Path.cwd(), environ)
    return subprocess.run(
        [*PROGRAM, *words], cwd=cwd, env=environ, capture_output=True, text=True, timeout=TIMEOUT
    )


def _at_the_start(environ: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environ.items() if name.startswith(_AT_THE_START)}


@functools.cache
def _forking_program() -> _ForkingProgram:
    return _ForkingProgram()


class _ForkingProgram:
    """`forking_program.py`, which ends when this process does."""

    def __init__(self) -> None:
        self._orders, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._orders.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        self.started_with = _at_the_start(os.environ)
        file = Path(__file__).with_name("forking_program.py")
        self._process = subprocess.Popen(
            [sys.executable, file, str(theirs.fileno())], pass_fds=[theirs.fileno()], cwd="/"
        )
        theirs.close()
        atexit.register(self._close)

    def _close(self) -> None:
        self._orders.close()
        self._process.wait()

    def run(
        self, arguments: list[str], folder: Path, env: Mapping[str, str]
    ) -> subprocess.CompletedProcess[str]:
        """Carry out one verb. Raises `subprocess.TimeoutExpired`."""
        out, out_theirs = os.pipe()
        err, err_theirs = os.pipe()
        answer, answer_theirs = socket.socketpair()
        order = {"arguments": arguments, "folder": str(folder), "env": dict(env)}
        theirs = [out_theirs, err_theirs, answer_theirs.fileno()]
        with answer, answer_theirs:
            socket.send_fds(self._orders, [json.dumps(order).encode()], theirs)
            os.close(out_theirs)
            os.close(err_theirs)
            answer_theirs.close()
            read = _read_to_the_end(out, err, answer.fileno())
        pid, *code = map(int, read[2].split())
        if not code:
            os.kill(pid, signal.SIGKILL)
            raise subprocess.TimeoutExpired(arguments, TIMEOUT, read[0], read[1])
        text = [part.decode(errors="strict") for part in read[:2]]
        return subprocess.CompletedProcess(arguments, code[0], *text)


def _read_to_the_end(*descriptors: int) -> list[bytes]:
    """Return what each gives until it is closed at the other side, or until time is up."""
    read = {descriptor: bytearray() for descriptor in descriptors}
    end = time.monotonic() + TIMEOUT
    with selectors.DefaultSelector() as selector:
        for descriptor in descriptors:
            selector.register(descriptor, selectors.EVENT_READ)
        while selector.get_map() and time.monotonic() < end:
            for key, _ in selector.select(timeout=1):
                data = os.read(key.fd, 1 << 16)
                read[key.fd] += data
                if not data:
                    selector.unregister(key.fd)
    for descriptor in descriptors[:2]:
        os.close(descriptor)
    return [bytes(part) for part in read.values()]
