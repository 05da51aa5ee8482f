"""Delivering, as a worker does it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import ClassVar

from msgspec import Struct

from dicomferry.engine.deliver.bring import dispatch
from dicomferry.engine.provenance.witness import Witnessed
from dicomferry.engine.workers.workbench import Workbench
from dicomferry.ledger.delivering.deliveries import Load
from dicomferry.model import Outcome


class DeliverTask(Struct, frozen=True):
    """Bring a load to its sink."""

    load: Load
    durable: ClassVar[bool] = True

    def work(self, bench: Workbench, stopped: Callable[[], bool]) -> Iterator[Outcome | Witnessed]:
        """Yield one outcome for each instance of the load, in order.

        Raises `FerryError` when the receiver cannot be reached at all.
        """
        yield from dispatch(bench.steps(), self.load, stopped)
