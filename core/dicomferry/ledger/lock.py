"""One run at a time: a lock file that says who holds it."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import time
from contextlib import suppress
from pathlib import Path
from typing import Self

from dicomferry.errors import LedgerError

_PATIENCE = 30.0
"""Seconds to wait for a killed run's workers: each ends after the instance that it is at."""


class Lock:
    """An exclusive lock on a state folder, held until `release` or the end of the process.

    It is an `flock` that worker processes inherit: a killed run frees it only when its last worker
    is gone, so that no instance is ever under way twice.
    """

    def __init__(self, folder: Path, verb: str) -> None:
        self._path = folder / "lock"
        self._verb = verb
        self._handle = -1

    def __enter__(self) -> Self:
        try:
            self._handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise LedgerError(
                f"{self._path}: cannot be written: {error.strerror}",
                hint="choose another folder for the ledger with --state",
            ) from None
        self._acquire()
        holder = {"pid": os.getpid(), "host": socket.gethostname(), "verb": self._verb}
        # The lock holds without it: a full disk only leaves others without a name to tell.
        with suppress(OSError):
            os.ftruncate(self._handle, 0)
            os.pwrite(self._handle, json.dumps(holder).encode(), 0)
        return self

    def __exit__(self, *_: object) -> None:
        # A worker that was killed while a disk does not answer holds it, too, until that answers.
        with suppress(OSError):
            fcntl.flock(self._handle, fcntl.LOCK_UN)
        os.close(self._handle)

    def _acquire(self) -> None:
        deadline = time.monotonic() + _PATIENCE
        while True:
            try:
                fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                holder = self._holder()
                if _lives(holder) or time.monotonic() > deadline:
                    os.close(self._handle)
                    raise LedgerError(
                        f"{self._path.parent}: another run holds this ledger: {_name(holder)}",
                        hint="wait for it to end, or stop it; a run after it goes on from there",
                    ) from None
                time.sleep(0.05)
            except OSError as error:
                os.close(self._handle)
                raise LedgerError(
                    f"{self._path}: cannot be locked: {error.strerror}",
                    hint="choose a folder on another disk for the ledger with --state",
                ) from None
            else:
                return

    def _holder(self) -> dict[str, object]:
        try:
            found = json.loads(os.pread(self._handle, 4096, 0))
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}


def _name(holder: dict[str, object]) -> str:
    if not holder:
        return "unknown"
    return f"dicomferry {holder.get('verb')}, process {holder.get('pid')} on {holder.get('host')}"


def _lives(holder: dict[str, object]) -> bool:
    pid = holder.get("pid")
    if not isinstance(pid, int) or holder.get("host") != socket.gethostname():
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
