"""Standard output that may fail: closed, on a full disk, or a pipe whose reader has gone."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO, cast


@contextmanager
def output_shown() -> Iterator[None]:
    """Let a verb go on whose output fails; raise `FerryError` at the end, when its work is done.

    What was printed before the failure is gone or shown; nothing more is printed.
    """
    if sys.stdout is None:
        yield
        from dicomferry.cli.machine import output_closed

        raise output_closed()
    if not isinstance(sys.stdout, io.TextIOWrapper):
        yield  # a test has put something else there
        return
    before = sys.stdout
    watched = _Output(before)
    sys.stdout = cast("TextIO", watched)  # it has what click and print need of it
    try:
        yield
    finally:
        sys.stdout = before
    if watched.failed is not None:
        _to_nowhere(before)
        from dicomferry.cli.machine import output_failed

        raise output_failed(watched.failed)


class _Output:
    """Standard output, which drops everything once it has failed."""

    def __init__(self, stream: io.TextIOWrapper) -> None:
        self._stream = stream
        self.failed: OSError | None = None

    def write(self, text: str) -> int:
        if self.failed is None:
            try:
                return self._stream.write(text)
            except OSError as error:
                self.failed = error
        return len(text)

    def flush(self) -> None:
        if self.failed is None:
            try:
                self._stream.flush()
            except OSError as error:
                self.failed = error

    def __getattr__(self, name: str) -> object:
        return getattr(self._stream, name)


def _to_nowhere(stream: io.TextIOWrapper) -> None:
    """Let what the interpreter flushes at its end go nowhere: it would complain once more."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
