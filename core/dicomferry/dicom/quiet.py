"""Keep pydicom's warnings where they arise: each is either handled or of no consequence here."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager


def _nothing(record: logging.LogRecord) -> bool:
    """Let no record pass; pydicom's may quote patient data."""
    return not record.name


@contextmanager
def quietly() -> Iterator[None]:
    """Run a block without a word of pydicom's on stderr or in the log."""
    logger = logging.getLogger("pydicom")
    logger.addFilter(_nothing)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.removeFilter(_nothing)
