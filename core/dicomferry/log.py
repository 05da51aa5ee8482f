"""The log of a state folder: what happened, without a word about patients."""

from __future__ import annotations

import logging
import traceback
from pathlib import Path

LOG_NAME = "dicomferry.log"


def log_to(folder: Path) -> None:
    """Send the product's log lines to the log file of a state folder, and nowhere else."""
    logger = logging.getLogger("dicomferry")
    path = folder / LOG_NAME
    for handler in logger.handlers:
        if isinstance(handler, logging.FileHandler) and Path(handler.baseFilename) == path:
            return
    handler = logging.FileHandler(path, encoding="utf-8", delay=True)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(process)d %(message)s"))
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False


def log_bug(error: BaseException, what: str) -> None:
    """Log where an unexpected error came from; not its message, which may quote a patient."""
    frames = "".join(traceback.format_tb(error.__traceback__))
    logging.getLogger("dicomferry").error("%s: %s\n%s", what, type(error).__name__, frames)
