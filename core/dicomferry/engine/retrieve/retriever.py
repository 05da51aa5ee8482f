"""The main process's part of a retrieval: studies come while what is here goes on."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from dicomferry.contract.executor import Done, Executor, Said, Task
from dicomferry.contract.fetcher import Manners
from dicomferry.engine.deliver.courier import Courier
from dicomferry.engine.deliver.task import DeliverTask
from dicomferry.engine.pipeline.context import BuildContext
from dicomferry.engine.pipeline.spooled import discard
from dicomferry.engine.retrieve.courtesy import Courtesy
from dicomferry.engine.retrieve.hours import is_open, next_opening, wait_until_open
from dicomferry.engine.retrieve.messages import Retrieved, RetrieveOrder
from dicomferry.engine.retrieve.outlet import Outlet
from dicomferry.engine.retrieve.spool import make_spool
from dicomferry.engine.retrieve.supply import Supply
from dicomferry.engine.retrieve.task import RetrieveTask
from dicomferry.engine.workers.processes import preload
from dicomferry.engine.workers.workshop import Workshop
from dicomferry.errors import FerryError
from dicomferry.ledger.delivering.arrival import Arrival
from dicomferry.ledger.delivering.retrievals import Retrievals, WantedStudy

_SILENCES = 3
"""After so many studies in a row without a way to the server, the rest are not tried."""


class Retrieval(Struct, frozen=True):
    """What came of the retrievals of a run; its fields are keys of the JSON that `run` prints.

    `ended` is why the retrieval ended before all was tried. `unlisted` instances came with their
    series although the server had not listed them; they are a part of the plan.
    """

    retrieved: int = 0
    missing: int = 0
    rejected: int = 0
    ended: str = ""
    hint: str = ""
    unlisted: int = 0


class Retriever:
    """Retrieves what is wanted, and has what is here delivered meanwhile."""

    def __init__(
        self, shop: Workshop, retrievals: Retrievals, couriers: Sequence[Courier],
        courtesy: Courtesy, now: Callable[[], datetime] = datetime.now,
    ) -> None:  # fmt: skip
        self._shop = shop
        self._retrievals = retrievals
        self._outlets = [Outlet(courier, retrievals) for courier in couriers]
        self._courtesy = courtesy
        self._now = now
        self._executor: Executor | None = None
        self._stopped = False
        self._silences = 0
        self._total = 0
        self.result = Retrieval()

    def stop(self) -> None:
        """End after the instances under way; what is left is retrieved by the next run."""
        self._stopped = True
        if self._executor is not None:
            self._executor.stop()

    def bring(self, sessions: int | None) -> Retrieval:
        """Retrieve and deliver everything wanted, or the first `sessions` of it."""
        wanted = self._retrievals.wanted(sessions)
        if not wanted and not self._retrievals.settled():
            return self.result
        spool = self._open_spool()
        self._drop()
        self._total = sum(len(study.items) for study in wanted)
        queues: dict[tuple[str, str], deque[WantedStudy]] = {}
        for study in wanted:
            queues.setdefault((study.fetcher, study.server), deque()).append(study)
        context = BuildContext(self._shop.spec.recipe, self._shop.spec.plugins)
        for (fetcher, name), queue in queues.items():
            manners = context.fetcher(fetcher, name).manners
            self._from(Supply(name, manners, queue, spool, self._courtesy.spool))
        self._retrievals.lists_came()
        return self.result

    def _open_spool(self) -> str:
        try:
            return str(make_spool(self._shop.ledger.path.parent))
        except OSError as error:
            raise FerryError(
                f"the spool cannot be made: {error.strerror}", hint="choose another --state"
            ) from None

    def _from(self, supply: Supply) -> None:
        self._silences = 0
        while supply.queue and not self._over() and self._may_ask(supply):
            before = supply.state
            self._work(supply)
            if supply.state == before and not self._over() and self._open_now(supply.manners):
                self._end("the spool is full of what no sink would take")

    def _work(self, supply: Supply) -> None:
        """Retrieve and deliver over one executor, until there is nothing to do for now."""
        lanes = supply.begin() + sum(outlet.courier.lanes for outlet in self._outlets)
        preload()
        with self._shop.workers(lanes) as executor:
            self._executor = executor
            if self._stopped:
                executor.stop()
            for said in executor.run(self._tasks(supply)):
                self._deliveries(said)
                for one in said:
                    if isinstance(one.task, RetrieveTask):
                        self._take(one.task.order, one.message, supply)
        self._executor = None

    def _tasks(self, supply: Supply) -> Iterator[RetrieveTask | DeliverTask | None]:
        while True:
            yield self._next(supply)

    def _next(self, supply: Supply) -> RetrieveTask | DeliverTask | None:
        while (task := self._task(supply)) is None:
            held = [outlet.courier for outlet in self._outlets if outlet.held]
            if self._busy(supply) or not held or self._over():
                return None
            held[0].wait()
        return task

    def _task(self, supply: Supply) -> RetrieveTask | DeliverTask | None:
        for outlet in self._outlets:
            if bringing := outlet.next():
                return bringing
        if task := self._retrieve(supply):
            return task
        if self._busy(supply):
            return None
        # Nothing more comes, or not before there is room: so what is here goes, whole or not.
        for outlet in self._outlets:
            if bringing := outlet.next(whole=False):
                return bringing
        return None

    def _busy(self, supply: Supply) -> bool:
        return bool(supply.under_way or any(outlet.under_way for outlet in self._outlets))

    def _retrieve(self, supply: Supply) -> RetrieveTask | None:
        if self._over() or not supply.free or not self._open_now(supply.manners):
            return None
        batch = supply.manners.batch
        if batch and supply.under_way + self._retrievals.outstanding() >= batch:
            return None
        order = supply.task(self._retrievals.spooled_bytes())
        return RetrieveTask(order) if order else None

    def _deliveries(self, said: Sequence[Said[Task]]) -> None:
        done = False
        for outlet in self._outlets:
            done |= outlet.take(said)
        if done:
            self._drop()

    def _take(self, order: RetrieveOrder, message: object, supply: Supply) -> None:
        if isinstance(message, Done):
            supply.over(order)
            if message.error:
                self._end(message.error, message.hint)
        elif isinstance(message, Retrieved):
            self._silences = self._silences + 1 if message.silent else 0
            arrivals = [*message.arrivals, *self._unlisted(message)]
            held = self._retrievals.arrived(arrivals)
            for arrival in held:
                discard(Path(arrival.path))
            self._count(rejected=len(held), retrieved=len(arrivals) - message.reused)
            self._shop.progress("retrieved", len(arrivals), self._total)
            self._missing(supply.came(order, message), message, supply)
            for outlet in self._outlets:
                outlet.changed()

    def _unlisted(self, message: Retrieved) -> Iterator[Arrival]:
        """Make what came beyond the order a part of the plan; yield what may go on."""
        for found in message.unlisted:
            arrival = self._retrievals.unlisted(found)
            if arrival is not None:
                yield arrival
            elif found.arrival is not None:
                discard(Path(found.arrival.path))
        self._retrievals.series_came(message.whole, message.unlisted)
        self._count(unlisted=len(message.unlisted))

    def _missing(self, lost: Sequence[int], message: Retrieved, supply: Supply) -> None:
        items = tuple(item for item in message.study.items if item.id in lost)
        if not items:
            return
        why = message.why or "it ended its answer"
        if message.refused:
            why = f"an instance does not fit the spool of {self._courtesy.spool:,} bytes"
        for outlet in self._outlets:
            dues = self._retrievals.dues(items, outlet.courier.key)
            outlet.courier.fail(dues, f"not retrieved from {supply.name}: {why}")
        self._count(missing=len(items))
        if self._silences >= _SILENCES:
            self._end(f"{supply.name} cannot be reached: {why}")

    def _drop(self) -> None:
        settled = self._retrievals.settled()
        for _, path in settled:
            discard(Path(os.fsdecode(path)))
        self._retrievals.dropped(item for item, _ in settled)

    def _may_ask(self, supply: Supply) -> bool:
        hours = supply.manners.hours
        if self._open_now(supply.manners):
            return True
        opening = next_opening(hours, self._now())
        if self._courtesy.wait and opening is not None:
            return wait_until_open(hours, self._now, time.sleep, lambda: self._stopped)
        when = f"; they begin again {opening:%a %H:%M}" if opening else ""
        self._end(
            f"outside the hours of {supply.name}{when}",
            "run again then, or with --wait-for-hours, or with --now if the PACS's people agree",
        )
        return False

    def _open_now(self, manners: Manners) -> bool:
        return self._courtesy.now or is_open(manners.hours, self._now())

    def _over(self) -> bool:
        unreachable = any(outlet.courier.tally.unreachable for outlet in self._outlets)
        return self._stopped or bool(self.result.ended) or unreachable

    def _count(self, **more: int) -> None:
        counts = {name: getattr(self.result, name) + number for name, number in more.items()}
        self.result = replace(self.result, **counts)

    def _end(self, why: str, hint: str = "") -> None:
        self.result = replace(self.result, ended=why, hint=hint)
