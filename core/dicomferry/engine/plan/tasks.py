"""Examining, as a worker does it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import ClassVar

from msgspec import Struct

from dicomferry.engine.pipeline.examine import examine
from dicomferry.engine.workers.workbench import Workbench
from dicomferry.ledger.rows import Examined, Item


class Examinations(Struct, frozen=True):
    """The answer to an `ExamineTask`: one result for each item, in order."""

    results: list[Examined]


class ExamineTask(Struct, frozen=True):
    """Examine items with the first `upto` transforms."""

    items: tuple[Item, ...]
    upto: int
    durable: ClassVar[bool] = False

    def work(self, bench: Workbench, _stopped: Callable[[], bool]) -> Iterator[Examinations]:
        """Yield one `Examinations` of all items. Raises `FerryError` if a transform stops it."""
        steps = bench.steps(self.upto)
        yield Examinations([examine(item, steps, self.upto) for item in self.items])
