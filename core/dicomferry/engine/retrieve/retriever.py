"""The main process's part of a retrieval: batches of studies, while the spool has room."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from dicomferry.engine.deliver import Courier
from dicomferry.engine.plan import Workshop
from dicomferry.engine.pool import Pool, Said
from dicomferry.engine.retrieve.hours import is_open, next_opening, wait_until_open
from dicomferry.engine.retrieve.messages import Retrieved, RetrieveTask
from dicomferry.engine.retrieve.pace import share_out
from dicomferry.engine.retrieve.spool import make_spool
from dicomferry.engine.worker import Done
from dicomferry.errors import FerryError
from dicomferry.ledger.retrievals import Retrievals, WantedStudy
from dicomferry.recipe.servers import PacsServer

_STUDIES_AT_ONCE = 64
"""So many studies at most are retrieved before what is here is delivered."""

_SILENCES = 3
"""After so many studies in a row without a way to the PACS, the rest are not tried."""


@dataclass(frozen=True, slots=True)
class Courtesy:
    """How a run treats a PACS: `now` passes over its hours, `wait` sits out the time between.

    `spool` is how many bytes retrieved instances may take up on this machine.
    """

    now: bool = False
    wait: bool = False
    spool: int = 4 << 30


@dataclass(slots=True)
class Retrieval:
    """What came of the retrievals of a run; `ended` is why it ended before all was tried."""

    retrieved: int = 0
    missing: int = 0
    held: int = 0
    ended: str = ""
    hint: str = ""


class Retriever:
    """Retrieves what is wanted and hands it to the couriers, in turns that fit the spool."""

    def __init__(
        self, shop: Workshop, retrievals: Retrievals, couriers: Sequence[Courier],
        courtesy: Courtesy, now: Callable[[], datetime] = datetime.now,
    ) -> None:  # fmt: skip
        self._shop = shop
        self._retrievals = retrievals
        self._couriers = couriers
        self._courtesy = courtesy
        self._now = now
        self._spool = Path()
        self._pool: Pool | None = None
        self._stopped = False
        self._silences = 0
        self._asked = float("-inf")
        self._moves: set[str] = set()
        self._again: list[WantedStudy] = []
        self._total = 0
        self.result = Retrieval()

    def stop(self) -> None:
        """End after the instances under way; what is left is retrieved by the next run."""
        self._stopped = True
        if self._pool is not None:
            self._pool.stop()

    def bring(self, sessions: int | None) -> Retrieval:
        """Retrieve and deliver everything wanted, or the first `sessions` of it."""
        self._retrievals.forget_lost()
        wanted = self._retrievals.wanted(sessions)
        if not wanted and not self._retrievals.settled():
            return self.result
        self._open_spool()
        self._drop()
        self._total = sum(len(study.items) for study in wanted)
        queues: dict[str, deque[WantedStudy]] = {}
        for study in wanted:
            queues.setdefault(study.server, deque()).append(study)
        for server, queue in queues.items():
            self._from(server, queue)
        return self.result

    def _open_spool(self) -> None:
        try:
            self._spool = make_spool(self._shop.ledger.path.parent)
        except OSError as error:
            raise FerryError(
                f"the spool cannot be made: {error.strerror}", hint="choose another --state"
            ) from None

    def _from(self, name: str, queue: deque[WantedStudy]) -> None:
        server = self._shop.spec.recipe.servers.get(name)
        if not isinstance(server, PacsServer):
            raise FerryError(f"server '{name}' is no pacs", hint="declare it under servers:")
        self._silences, self._asked = 0, float("-inf")
        while queue and not self._over():
            if not self._may_ask(name, server):
                return
            before = sum(len(study.items) for study in queue)
            self._fill(name, server, queue)
            for courier in self._couriers:
                courier.deliver(None)
            self._drop()
            queue.extendleft(reversed(self._again))
            self._again = []
            if sum(len(study.items) for study in queue) >= before:
                self._end("the spool is full of what no sink would take")
                return

    def _fill(self, name: str, server: PacsServer, queue: deque[WantedStudy]) -> None:
        move = server.retrieve == "c-move" or name in self._moves
        share, asked = share_out(server, len(queue), move=move), self._asked
        lanes = share.lanes
        room = self._courtesy.spool - self._retrievals.spooled_bytes()

        def tasks() -> Iterator[RetrieveTask]:
            given = 0
            while queue and given < _STUDIES_AT_ONCE and not self._over():
                if given >= lanes and self._retrievals.spooled_bytes() > self._courtesy.spool // 2:
                    return
                if not self._open_now(server):
                    return
                batch = tuple(queue.popleft() for _ in range(min(share.studies, len(queue))))
                given += len(batch)
                most = room // (2 * lanes)
                yield RetrieveTask(name, batch, str(self._spool), move, most, share.interval, asked)

        with Pool(self._shop.spec, lanes) as pool:
            self._pool = pool
            if self._stopped:
                pool.stop()
            for said in pool.work(tasks()):
                for one in said:
                    self._take(one, server, alone=room == self._courtesy.spool)
            self._pool = None

    def _take(self, one: Said[RetrieveTask], server: PacsServer, *, alone: bool) -> None:
        message = one.message
        if isinstance(message, Done):
            if message.error:
                self._end(message.error, message.hint)
        elif isinstance(message, Retrieved):
            self._asked = time.monotonic()
            held = self._retrievals.arrived(message.arrivals)
            for arrival in held:
                Path(arrival.path).unlink(missing_ok=True)
            self.result.held += len(held)
            self.result.retrieved += len(message.arrivals) - message.reused
            self._shop.progress("retrieved", len(message.arrivals), self._total)
            self._missing(message, server, stuck=alone and not message.arrivals)

    def _missing(self, message: Retrieved, server: PacsServer, *, stuck: bool) -> None:
        items = tuple(item for item in message.study.items if item.id in message.missing)
        name = message.study.server
        if not items or message.stopped:
            return
        if message.no_get and server.retrieve == "auto" and server.move_ae_title:
            self._moves.add(name)
            self._again.append(message.study)
            return
        if message.full and not stuck:
            self._again.append(replace(message.study, items=items, whole_series=frozenset()))
            return
        why = message.why or "it ended its answer"
        if message.full:
            why = f"an instance does not fit the spool of {self._courtesy.spool:,} bytes"
        for courier in self._couriers:
            dues = self._retrievals.dues(items, courier.key)
            courier.fail(dues, f"not retrieved from {name}: {why}")
        self.result.missing += len(items)
        self._silences = self._silences + 1 if message.silent else 0
        if self._silences >= _SILENCES:
            self._end(f"{name} cannot be reached: {why}")

    def _drop(self) -> None:
        settled = self._retrievals.settled()
        for _, path in settled:
            Path(path.decode("utf-8", "surrogateescape")).unlink(missing_ok=True)
        self._retrievals.dropped(item for item, _ in settled)

    def _may_ask(self, name: str, server: PacsServer) -> bool:
        if self._open_now(server):
            return True
        opening = next_opening(server.hours, self._now())
        if self._courtesy.wait and opening is not None:
            return wait_until_open(server.hours, self._now, time.sleep, lambda: self._stopped)
        when = f"; they begin again {opening:%a %H:%M}" if opening else ""
        self._end(
            f"outside the hours of {name}{when}",
            "run again then, or with --wait-for-hours, or with --now if the PACS's people agree",
        )
        return False

    def _open_now(self, server: PacsServer) -> bool:
        return self._courtesy.now or is_open(server.hours, self._now())

    def _over(self) -> bool:
        unreachable = any(courier.tally.unreachable for courier in self._couriers)
        return self._stopped or bool(self.result.ended) or unreachable

    def _end(self, why: str, hint: str = "") -> None:
        self.result.ended, self.result.hint = why, hint
