"""From the plan to the sinks: consignments in parallel, every outcome durable before it counts."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from dicomferry.contract.executor import Done, Executor, Said
from dicomferry.contract.sink import Pending
from dicomferry.engine.deliver.pacing.pace import SessionPace
from dicomferry.engine.deliver.task import Changed, DeliverTask
from dicomferry.engine.pipeline.steps import SinkStep
from dicomferry.engine.provenance.witness import Witnessed
from dicomferry.engine.workers.lanes import Lanes
from dicomferry.engine.workers.workshop import Workshop
from dicomferry.ledger.delivering.deliveries import Delivered, Deliveries, Load
from dicomferry.ledger.rows import Due, Proof
from dicomferry.model import Failed, Outcome, Stored

_MOST_UNREACHED = 3
"""Consignments in a row that found no receiver; after them the courier tries no more."""

_MOMENT = 0.02
"""Seconds between two looks whether the receiver takes one more session."""

Observe = Callable[[str, str, Outcome], None]
Note = Callable[[SinkStep, Sequence[Delivered]], None]
"""Is called with what became of instances, before the ledger is written."""


class SinkTally(Struct, frozen=True):
    """What came of one sink in a run; its fields are keys of the JSON that `run` prints.

    `unreachable` is why the run gave up on the sink.
    """

    stored: int = 0
    excluded: int = 0
    rejected: int = 0
    failed: int = 0
    unreachable: str = ""
    hint: str = ""

    def with_outcome(self, outcome: Outcome) -> SinkTally:
        """Return the tally with one more outcome."""
        name = type(outcome).__name__.lower()
        return replace(self, **{name: getattr(self, name) + 1})


class _UnderWay(Struct):
    """How far a load is: instances answered for, and whether one had trouble that may pass.

    `pending` are those of which the sink says at the end whether they are stored, `stored` those
    that it would take back if it could not close.
    """

    position: int = 0
    strained: bool = False
    pending: list[tuple[Due, Pending, Proof | None]] = field(default_factory=list)
    stored: list[Delivered] = field(default_factory=list)


class Courier:
    """Delivers what is due at one sink. `stop` makes it end after the instances under way."""

    def __init__(
        self, shop: Workshop, deliveries: Deliveries, run: int, sink_step: SinkStep,
        observe: Observe, note: Note, pace: SessionPace | None = None,
    ) -> None:  # fmt: skip
        self._shop = shop
        self._deliveries = deliveries
        self._run = run
        self._sink_step = sink_step
        self._observe = observe
        self._note = note
        self._pace = pace
        self._executor: Executor | None = None
        self._stopped = False
        self._unreached = 0
        self._unanswered = 0
        self._left: list[DeliverTask] = []
        self._can_go_on = False
        self._under_way: dict[int, _UnderWay] = {}
        self._lanes = Lanes(sink_step.sink.lanes)
        self.tally = SinkTally()

    def stop(self) -> None:
        """End after the instances under way; what is left stays due."""
        self._stopped = True
        if self._executor is not None:
            self._executor.stop()

    @property
    def key(self) -> str:
        """Return the name of the sink and its receiver in the ledger."""
        return self._sink_step.key

    def fail(self, dues: Sequence[Due], reason: str) -> None:
        """Note instances that never came to be delivered; running again may help."""
        if dues:
            self._keep([Delivered(due, Failed(reason, retryable=True)) for due in dues], None)

    @property
    def lanes(self) -> int:
        """Return how many consignments may be under way at once at most."""
        return self._sink_step.sink.lanes

    @property
    def free(self) -> bool:
        """Tell whether one more may be under way now."""
        return len(self._under_way) < self._lanes.open and not self._over() and self._may_open()

    @property
    def held(self) -> bool:
        """Tell whether nothing is under way, and the receiver is to be given time."""
        return not (self._under_way or self._over() or self._may_open())

    def wait(self) -> None:
        """Give the receiver a moment."""
        time.sleep(_MOMENT)

    def deliver(self, limit: int | None) -> None:
        """Bring everything due and at hand, or the first `limit` sessions of it."""
        key = self._sink_step.key
        places = self._deliveries.destinations(key)[:limit]
        if not places:
            return
        total = self._deliveries.count_due(key) if limit is None else None
        with self._shop.workers(min(self.lanes, len(places))) as executor:
            self._executor = executor
            if self._stopped:
                executor.stop()
            self._can_go_on = True
            for said in executor.run(self._tasks(places), lambda: self._lanes.open):
                self.take(said, total)
            while self._left and not self._stopped:
                left, self._left = self._left, []
                for said in executor.run(iter(left), lambda: self._lanes.open):
                    self.take(said, total)
            self._can_go_on = False

    def _tasks(self, places: Sequence[int]) -> Iterator[DeliverTask | None]:
        for place in places:
            while not self._may_open() and not self._over():
                if self._under_way:
                    yield None
                else:
                    self.wait()
            task = self.task(place)
            if task is None:
                return
            yield task

    def task(self, place: int) -> DeliverTask | None:
        """Return what is due and at hand for a destination; None once the courier tries no more.

        It counts as under way until `take` hears that it is done.
        """
        if self._over():
            return None
        load = self._deliveries.load(self._sink_step.key, place)
        if self._pace is not None:
            self._pace.opened(load.consignment.destination, len(load.dues))
        self._under_way[load.number] = _UnderWay()
        return DeliverTask(load)

    def _over(self) -> bool:
        """Tell whether nothing more is to be brought, and note why that is."""
        if self._pace is not None and self._pace.stopped:
            self.tally = replace(self.tally, unreachable=self._pace.stopped, hint=self._pace.hint)
            return True
        return self._stopped or max(self._unreached, self._unanswered) >= _MOST_UNREACHED

    def _may_open(self) -> bool:
        return self._pace is None or self._pace.may_open()

    def take(self, said: Sequence[Said[DeliverTask]], total: int | None = None) -> None:
        """Make durable what workers said of loads."""
        delivered: list[Delivered] = []
        for one in said:
            load, message = one.task.load, one.message
            if isinstance(message, Done):
                delivered += self._close(load, message)
            else:
                delivered += self._one(load, message)
        if delivered:
            self._keep(delivered, total)
        if any(isinstance(one.message, Done) for one in said):
            self._deliveries.consignment_ended()

    def _one(self, load: Load, answer: object) -> list[Delivered]:
        """Return what became of the load's next instance; nothing while the sink does not know."""
        self._unreached = self._unanswered = 0
        under_way = self._under_way[load.number]
        due = load.dues[under_way.position]
        under_way.position += 1
        proof = answer.proof if isinstance(answer, Witnessed) else None
        outcome = answer.outcome if isinstance(answer, (Witnessed, Changed)) else answer
        if isinstance(outcome, Pending):
            under_way.pending.append((due, outcome, proof))
            return []
        assert isinstance(outcome, Outcome)  # noqa: S101  a `DeliverTask` has no other answers
        delivered = Delivered(due, outcome, proof, changed=isinstance(answer, Changed))
        if isinstance(outcome, Stored):
            under_way.stored.append(delivered)
        # Once for a consignment: what one receiver refuses it refuses many times in a row.
        if isinstance(outcome, Failed) and outcome.retryable and not under_way.strained:
            under_way.strained = True
            self._lanes.strained()
        return [delivered]

    def _keep(self, delivered: list[Delivered], total: int | None) -> None:
        self._note(self._sink_step, delivered)
        self._deliveries.record(self._run, self._sink_step.key, delivered)
        for result in delivered:
            self.tally = self.tally.with_outcome(result.outcome)
            self._observe(self._sink_step.key, result.due.sent.sop_instance_uid, result.outcome)
        self._shop.progress(self._sink_step.id, len(delivered), total)

    def _close(self, load: Load, done: Done) -> list[Delivered]:
        under_way = self._under_way.pop(load.number)
        if self._pace is not None:
            self._pace.closed(load.consignment.destination)
        if not done.error:
            if not under_way.strained:
                self._lanes.eased()
            return [
                Delivered(due, Stored(pending.receipt), proof)
                for due, pending, proof in under_way.pending
            ]
        self._lanes.strained()
        if done.item:
            self._unanswered += 1
        if done.item and (passed := self._passed_over(load, under_way, done)):
            return passed
        if under_way.position == 0 and not done.died:
            self._unreached += 1
        self.tally = replace(self.tally, unreachable=done.error, hint=done.hint)
        failed = Failed(done.error, retryable=True)
        left = [due for due, *_ in under_way.pending] + list(load.dues[under_way.position :])
        return [*self._taken_back(under_way, done), *(Delivered(due, failed) for due in left)]

    def _passed_over(self, load: Load, under_way: _UnderWay, done: Done) -> list[Delivered]:
        """Return what became of a load where one instance did not answer; bring the rest after it.

        Returns nothing where the rest cannot be brought now.
        """
        hung = [due for due in load.dues[under_way.position :] if due.item.id == done.item]
        if not self._can_go_on or not hung or self._over():
            return []
        rest = tuple(due for due in load.dues[under_way.position :] if due not in hung)
        if rest:
            self._under_way[load.number] = _UnderWay()
            self._left.append(DeliverTask(replace(load, dues=rest)))
        failed = Failed(done.error, retryable=True)
        unsure = [due for due, *_ in under_way.pending]
        return [Delivered(due, failed) for due in (*unsure, *hung)]

    def _taken_back(self, under_way: _UnderWay, done: Done) -> list[Delivered]:
        """Return what the sink had called stored before it could not close.

        A worker that has died says nothing of the receiver: what was stored then, stays stored.
        """
        if done.died:
            return []
        self.tally = replace(self.tally, stored=self.tally.stored - len(under_way.stored))
        failed = Failed(f"taken back when the delivery closed: {done.error}", retryable=True)
        return [replace(one, outcome=failed) for one in under_way.stored]


def is_complete(tally: SinkTally) -> bool:
    """Tell whether everything that was tried is stored or was excluded on purpose."""
    return not (tally.rejected or tally.failed or tally.unreachable)
