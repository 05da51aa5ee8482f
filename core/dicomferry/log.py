"""The log file of a state folder; it never holds patient data."""

from __future__ import annotations

import logging
import os
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path

LOG_NAME = "dicomferry.log"


@contextmanager
def logging_to(folder: Path) -> Iterator[None]:
    """Send the product's log lines to a state folder while the block runs, as `log_to` does."""
    added = log_to(folder)
    try:
        yield
    finally:
        if added is not None:
            logging.getLogger("dicomferry").removeHandler(added)
            added.close()


def log_to(folder: Path) -> logging.Handler | None:
    """Send the product's log lines to the log file of a state folder only.

    Return the handler that was added; None where there was one for this folder already.
    """
    logger = logging.getLogger("dicomferry")
    path = folder / LOG_NAME
    for handler in logger.handlers:
        if isinstance(handler, logging.FileHandler) and Path(handler.baseFilename) == path:
            return None
    handler = _PrivateFile(path, encoding="utf-8", delay=True)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(process)d %(message)s"))
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    return handler


class _PrivateFile(logging.FileHandler):
    """A log file of its owner alone. A disk that is full costs lines of it, and stops nothing."""

    def _open(self) -> TextIOWrapper:
        handle = os.open(self.baseFilename, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        return open(handle, "a", encoding=self.encoding)  # noqa: PTH123  a file descriptor

    def handleError(self, _record: logging.LogRecord) -> None:  # noqa: N802  logging's own name
        return


def log_bug(error: BaseException, what: str) -> None:
    """Log an unexpected error's traceback without its message, which may quote patient data."""
    frames = "".join(traceback.format_tb(error.__traceback__))
    logging.getLogger("dicomferry").error("%s: %s\n%s", what, type(error).__name__, frames)
