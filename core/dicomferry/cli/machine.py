"""What to tell a user when the machine fails: a full disk, no memory, a closed output.

Loaded only when something has failed.
"""

from __future__ import annotations

import errno
import os
from typing import Final

from dicomferry.errors import FerryError

_AGAIN: Final = "then do the same again: what is stored already is not sent twice"
_DONE: Final = "what was done is in the ledger: `dicomferry status RECIPE` shows it"

_REMEDIES: Final = {
    errno.ENOSPC: f"free some space there, {_AGAIN}",
    errno.EPIPE: _DONE,
    errno.EDQUOT: f"free some space there or have the quota raised, {_AGAIN}",
    errno.EFBIG: f"the limit on the size of files is too low (ulimit -f): raise it, {_AGAIN}",
    errno.EROFS: "choose another folder (--state, or a path in the recipe), or mount it writable",
    errno.EACCES: "give yourself the right to it, or choose another folder",
    errno.EPERM: "give yourself the right to it, or choose another folder",
    errno.ENOMEM: f"end other programs or raise the limit (ulimit -v), {_AGAIN}",
    errno.EAGAIN: f"end other programs or raise the limit on processes (ulimit -u), {_AGAIN}",
    errno.EMFILE: f"raise the limit on open files (ulimit -n), {_AGAIN}",
    errno.ENFILE: f"end other programs: the machine has no open files left, {_AGAIN}",
    errno.EIO: f"look after the disk or the share, {_AGAIN}",
    errno.ESTALE: f"mount the share anew, {_AGAIN}",
    errno.ETIMEDOUT: f"look after the share, {_AGAIN}",
    errno.ENODEV: f"look after the disk, {_AGAIN}",
    errno.ENXIO: f"look after the disk, {_AGAIN}",
}


_OF_A_BUG: Final = frozenset({None, errno.EBADF, errno.EFAULT, errno.EINVAL, errno.ENOTSOCK})
"""Errors of the system that are no trouble of the machine: a program called it wrongly."""


class MachineError(FerryError):
    """The machine failed: some of the work may have been done before."""

    exit_code = 1


def trouble_of(error: BaseException) -> FerryError | None:
    """Return what to tell of an error that is the machine's and not a bug; None for any other."""
    if isinstance(error, MemoryError):
        return MachineError("there is not enough memory", hint=_REMEDIES[errno.ENOMEM])
    if isinstance(error, OSError) and error.errno is not None and error.errno not in _OF_A_BUG:
        named = isinstance(error.filename, str | bytes)
        place = f"{os.fsdecode(error.filename)}: " if named else ""
        remedy = _REMEDIES.get(error.errno, f"mend that, {_AGAIN}")
        return MachineError(f"{place}{error.strerror}", hint=remedy)
    if type(error).__module__ == "sqlite3":
        from dicomferry.ledger.trouble import trouble_in_a_ledger

        return trouble_in_a_ledger(error)
    if isinstance(error, RuntimeError) and str(error) == "can't start new thread":
        return MachineError("no new thread can be started", hint=_REMEDIES[errno.EAGAIN])
    return None


def output_failed(error: OSError) -> FerryError:
    """Return what to tell of a standard output that cannot be written."""
    return MachineError(f"standard output cannot be written: {error.strerror}", hint=_DONE)


def output_closed() -> FerryError:
    """Return what to tell of a standard output that was closed from the start."""
    return MachineError("standard output is closed, so nothing could be shown", hint=_DONE)
