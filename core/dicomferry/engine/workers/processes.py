"""How this machine starts processes."""

from __future__ import annotations

import multiprocessing
import sys
from importlib import import_module
from multiprocessing.context import ForkContext, SpawnContext


def process_context() -> ForkContext | SpawnContext:
    """Return the way to start processes: forked ones share what is loaded and start at once."""
    if sys.platform == "linux":
        return multiprocessing.get_context("fork")
    return multiprocessing.get_context("spawn")


def preload() -> None:
    """Import what associations need, once for all workers that are forked afterwards."""
    if sys.platform == "linux":
        import_module("pynetdicom.pdu")
        import_module("pynetdicom.presentation")
