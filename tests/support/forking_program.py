"""A program that has imported all of dicomferry, and carries out each verb in a fork of itself.

It is started with the number of a socket. Each message there is a verb as JSON: `arguments`,
`folder`, and `env`. Three descriptors come with it: standard output, standard error, and a socket
on which it answers with two lines, the number of the process and later its exit code.
"""

from __future__ import annotations

import gc
import importlib
import io
import json
import os
import pkgutil
import selectors
import signal
import socket
import sys
from contextlib import suppress
from typing import Any

SIZE = 1 << 20
"""Bytes of the longest message."""


def import_all() -> None:
    """Import every module of dicomferry; those whose extra is not installed are left out."""
    import dicomferry
    import dicomferry_plugins

    for package in (dicomferry, dicomferry_plugins):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            with suppress(ImportError):
                importlib.import_module(module.name)


def run(order: dict[str, Any], out: int, err: int) -> None:
    """Run one verb in this process, and end it."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    for number, descriptor in enumerate((nothing, out, err)):
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["env"])
    sys.argv = ["-c", *order["arguments"]]
    sys.stdout = io.TextIOWrapper(os.fdopen(1, "wb"))
    sys.stderr = io.TextIOWrapper(
        os.fdopen(2, "wb"), errors="backslashreplace", line_buffering=True
    )

    from dicomferry.cli import main

    main()


class Forks:
    """The verbs that are under way, by process."""

    def __init__(self, orders: socket.socket) -> None:
        self._orders = orders
        self._answers: dict[int, socket.socket] = {}
        self._woken, self._wake = socket.socketpair()
        self._wake.setblocking(False)
        self._selector = selectors.DefaultSelector()

    def serve(self) -> None:
        """Carry out verbs until nobody can ask for one any more."""
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._wake.fileno(), warn_on_full_buffer=False)
        self._selector.register(self._orders, selectors.EVENT_READ, self._take)
        self._selector.register(self._woken, selectors.EVENT_READ, self._tell_ends)
        while True:
            for key, _ in self._selector.select():
                if not key.data():
                    return

    def _take(self) -> bool:
        """Start one verb; return whether there was one."""
        data, descriptors, _, _ = socket.recv_fds(self._orders, SIZE, 3)
        if not data:
            return False
        out, err, answer = descriptors
        pid = os.fork()
        if not pid:
            self._leave()
            os.close(answer)
            run(json.loads(data), out, err)
        os.close(out)
        os.close(err)
        self._answers[pid] = socket.socket(fileno=answer)
        self._answers[pid].sendall(b"%d\n" % pid)
        return True

    def _leave(self) -> None:
        """Let go of all in a fork."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        self._selector.close()
        for one in (self._orders, self._woken, self._wake, *self._answers.values()):
            one.close()

    def _tell_ends(self) -> bool:
        """Say how each ended that did; there may be more to do."""
        self._woken.recv(4096)
        while self._answers:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                break
            with self._answers.pop(pid) as answer, suppress(OSError):
                answer.sendall(b"%d\n" % os.waitstatus_to_exitcode(status))
        return True


if __name__ == "__main__":
    sys.path[0] = ""  # as with `python -c`
    import_all()
    gc.collect()
    gc.freeze()
    Forks(socket.socket(fileno=int(sys.argv[1]))).serve()
