"""Trouble that may pass: of the machine, the disk or the network, never of the bytes."""

from __future__ import annotations

import errno
from typing import Final

PAUSES: Final = (0.05, 0.5)
"""Seconds before each new attempt to read: a share that is mounted anew is back at once."""

_PASSING: Final = frozenset(
    {
        errno.EAGAIN, errno.EBUSY, errno.EINTR, errno.EIO, errno.EMFILE, errno.ENFILE,
        errno.ENOMEM, errno.ENOTCONN, errno.ESTALE, errno.ETIMEDOUT,
    }
)  # fmt: skip


def may_pass(error: OSError) -> bool:
    """Tell whether the same call may succeed a moment later."""
    return error.errno in _PASSING


def is_of_the_machine(error: OSError) -> bool:
    """Tell whether the system reported an error, and not a library that could not unpack.

    The modules `bz2` and `gzip` raise an `OSError` without a number for bytes that are no archive,
    and an offset that damaged bytes name is an invalid argument.
    """
    return error.errno not in (None, errno.EINVAL)
