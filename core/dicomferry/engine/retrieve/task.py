"""Retrieving, as a worker does it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import ClassVar

from msgspec import Struct

from dicomferry.engine.retrieve.messages import Retrieved, RetrieveOrder
from dicomferry.engine.workers.workbench import Workbench


class RetrieveTask(Struct, frozen=True):
    """Retrieve the study of an order into the spool, and examine what came."""

    order: RetrieveOrder
    durable: ClassVar[bool] = True

    def work(self, bench: Workbench, stopped: Callable[[], bool]) -> Iterator[Retrieved]:
        """Yield one `Retrieved`. Raises `FerryError` where nothing can be tried at all."""
        # Only a worker needs what examines and fetches.
        from dicomferry.engine.retrieve.work import retrieve

        yield retrieve(bench.steps(), self.order, bench.context, stopped)
