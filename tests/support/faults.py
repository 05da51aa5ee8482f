"""System calls that fail on purpose, by strace's fault injection.

`strace --inject=CALL:error=EIO:when=N` has the Nth call of a kind fail, in every process of a
program. Without strace there is nothing to test with.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from support.cli import PROGRAM
from support.servers import program

CALLS: Mapping[str, tuple[str, ...]] = {
    "openat": ("EIO", "ENOMEM"),
    "read": ("EIO", "ENOMEM"),
    "pread64": ("EIO", "ENOMEM"),
    "write": ("EIO", "ENOSPC"),
    "pwrite64": ("EIO", "ENOSPC"),
    "fsync": ("EIO",),
    "fdatasync": ("EIO",),
    "lseek": ("EIO",),
    "newfstatat": ("EIO", "ENOMEM"),
    "fstat": ("EIO",),
    "getdents64": ("EIO",),
    "ftruncate": ("EIO", "ENOSPC"),
    "mkdir": ("EIO", "ENOSPC"),
    "rename": ("EIO", "ENOSPC"),
    "unlink": ("EIO",),
    "fcntl": ("EIO",),
    "connect": ("ECONNRESET", "EINTR"),
    "sendto": ("ECONNRESET", "EINTR"),
    "recvfrom": ("ECONNRESET", "EINTR"),
    "socket": ("ENOMEM",),
    "poll": ("EINTR", "ENOMEM"),
    "clone": ("ENOMEM",),
    "flock": ("EIO",),
    "link": ("EIO", "ENOSPC"),
}  # fmt: skip
"""What a program asks of the system, and how that may fail."""


ANYWHERE = frozenset(("connect", "sendto", "recvfrom", "socket", "poll", "clone"))
"""Calls that have no path."""

STRACE = "strace"


@dataclass(frozen=True)
class Fault:
    """The `number`-th call of a kind fails with an error."""

    call: str
    error: str
    number: int


@dataclass(frozen=True)
class End:
    """How a program ended: `code` None is a hang."""

    code: int | None
    out: str
    err: str


def strace() -> bool:
    """Tell whether strace is here and may trace."""
    command = [STRACE, "-o", os.devnull, "true"]
    return program(STRACE) is not None and subprocess.run(command).returncode == 0


def run(
    *arguments: object, cwd: Path, fault: Fault | None = None, counts: Path | None = None,
    paths: Sequence[Path] = (), env: Mapping[str, str] | None = None, patience: float = 60,
) -> End:  # fmt: skip
    """Run `dicomferry` with a fault, or count its calls into the file `counts`.

    Of calls that have to do with files only those count that have to do with `paths`.
    """
    command = [STRACE, "-f", "-qq"]
    if fault is None or fault.call not in ANYWHERE:
        command += [word for path in paths for word in ("-P", str(path))]
    if fault is not None:
        what = f"{fault.call}:error={fault.error}:when={fault.number}"
        command += ["-o", os.devnull, "-e", f"trace={fault.call}", "-e", f"inject={what}"]
    else:
        command += ["-c", "-o", str(counts), "-e", f"trace={','.join(CALLS)}"]
    process = subprocess.Popen(
        [*command, *PROGRAM, *map(str, arguments)], cwd=cwd, text=True, errors="replace",
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=os.environ | (env or {}), start_new_session=True,
    )  # fmt: skip
    try:
        out, err = process.communicate(timeout=patience)
    except subprocess.TimeoutExpired:
        _end(process)
        out, err = process.communicate()
        return End(None, out, err)
    return End(process.returncode, out, err)


def counted(counts: Path) -> dict[str, int]:
    """Return how often each kind was called, as strace counted."""
    found = {}
    for line in counts.read_text().splitlines():
        fields = line.split()
        if fields and fields[-1] in CALLS:
            found[fields[-1]] = int(fields[3])
    return found


def _end(process: subprocess.Popen[str]) -> None:
    import signal

    os.killpg(process.pid, signal.SIGKILL)
    time.sleep(0.1)
