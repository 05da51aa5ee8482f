"""Mutes pydicom's warnings and log, which may quote patient data; callers handle its faults."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager


def _nothing(record: logging.LogRecord) -> bool:
    """Refuse every record: a logger's filter."""
    return not record.name


@contextmanager
def quietly() -> Iterator[None]:
    """Run a block while pydicom writes nothing to stderr or the log."""
    logger = logging.getLogger("pydicom")
    logger.addFilter(_nothing)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.removeFilter(_nothing)
