"""TODO."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from dicomferry.engine.pipeline.steps import Steps
from dicomferry.engine.workers.worker import WorkerSpec
from dicomferry.ledger.store import Ledger

Progress = Callable[[str, int, int | None], None]
"""Told what is being done, how many are done, and of how many if that is known."""


class Workshop(Struct, frozen=True):
    """What planning and delivery work with."""

    steps: Steps
    ledger: Ledger
    spec: WorkerSpec
    processes: int
    progress: Progress
