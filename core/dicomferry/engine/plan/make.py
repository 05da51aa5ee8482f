"""From sources to a plan in the ledger: scan, examine, resolve; nothing is sent."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from typing import TypeVar

from msgspec import Struct

from dicomferry.contract.executor import Done, Executor, Said
from dicomferry.engine.pipeline.examine import NO_ANSWER
from dicomferry.engine.pipeline.steps import Steps
from dicomferry.engine.plan.copied import copied_without_times
from dicomferry.engine.plan.directories import note_what_directories_miss
from dicomferry.engine.plan.duplicates import resolve_duplicates
from dicomferry.engine.plan.finding import findings_of
from dicomferry.engine.plan.first_sessions import settle_first_sessions
from dicomferry.engine.plan.gone import note_what_is_gone
from dicomferry.engine.plan.tasks import Examinations, ExamineTask
from dicomferry.engine.workers.workshop import Workshop
from dicomferry.errors import FerryError
from dicomferry.ledger.planning.catalog import PlanWriter
from dicomferry.ledger.planning.short_lists import LIST_INCOMPLETE, settle_lists
from dicomferry.ledger.planning.snapshot import snapshot_path, take_snapshot
from dicomferry.ledger.planning.unlisted import carry_unlisted
from dicomferry.ledger.planning.whereabouts import take_over_deliveries
from dicomferry.ledger.rows import Examined, Item, Verdict

T = TypeVar("T")

_SCAN_BATCH = 250
_EXAMINE_BATCH = 100

_MOST_UNANSWERED = 5
"""Files one after the other that do not answer; after them the disk is taken to hang."""


class _Way(Struct, frozen=True):
    """One look at every item, with the first `upto` transforms; `digest` is what made it so."""

    digest: str
    upto: int


def make_plan(shop: Workshop) -> int:
    """Bring the ledger's plan up to date and return the number of the scan it belongs to.

    Files that have not changed since they were last examined under the same recipe are not
    opened. New ones are examined while others are still looked for. Raises `FerryError` when a
    source cannot be read at all or a transform stops the run.
    """
    catalog, steps = PlanWriter(shop.ledger), shop.steps
    reopened = catalog.reopen_allowed(shop.spec.recipe.allow)
    standing = not reopened and catalog.planned == steps.digest and _has_snapshots(shop)
    catalog.begin_scan()
    ways = _ways(steps, catalog.scan)
    examiner = _Examiner(shop, catalog)
    examiner.examine(ways[0], _scanned(shop, catalog))
    carry_unlisted(shop.ledger, catalog.scan)
    settle_lists(catalog, allowed=LIST_INCOMPLETE in shop.spec.recipe.allow)
    if standing and not examiner.done and not catalog.change():
        catalog.plan_made(steps.digest)
        return catalog.scan
    catalog.plan_opened()
    if catalog.scan > 1:
        # Verdicts that depend on other items are given anew; the first scan finds none.
        catalog.reopen()
    for way in ways:
        examiner.examine(way, catalog.unexamined(way.digest), catalog.count_unexamined)
        if way is not ways[-1]:
            take_snapshot(catalog, way.upto, [sink.key for sink in steps.sinks])
    shop.ledger.index()
    if steps.first_session_wins:
        settle_first_sessions(catalog)
    resolve_duplicates(shop, catalog)
    if catalog.scan > 1:
        copies = list(copied_without_times(shop, catalog.scan))
        take_over_deliveries(shop.ledger, catalog.scan, copies)
    note_what_is_gone(shop, catalog)
    note_what_directories_miss(shop, catalog)
    catalog.plan_made(steps.digest)
    return catalog.scan


def batched(items: Iterable[T], size: int) -> Iterator[tuple[T, ...]]:
    """Yield `items` in tuples of `size`, the last one shorter."""
    iterator = iter(items)
    while batch := tuple(islice(iterator, size)):
        yield batch


def _has_snapshots(shop: Workshop) -> bool:
    folder = shop.ledger.path.parent
    return all(snapshot_path(folder, stage).exists() for stage in shop.steps.preparing)


def _ways(steps: Steps, scan: int) -> list[_Way]:
    """Return the looks a plan takes: up to each transform that knows the whole, and to the end.

    Where there is such a transform, one new file can change every other's edits.
    """

    def digest(stage: int) -> str:
        return hashlib.sha256(f"{steps.digest} {scan} {stage}".encode()).hexdigest()

    whole = bool(steps.preparing) or steps.first_session_wins
    last = _Way(digest(-1) if whole else steps.digest, len(steps.transforms))
    return [*(_Way(digest(stage), stage) for stage in steps.preparing), last]


def _scanned(shop: Workshop, catalog: PlanWriter) -> Iterator[Item]:
    """Note what the sources find, and yield what the ledger did not have before."""
    for source in shop.steps.sources:
        for batch in batched(findings_of(source), _SCAN_BATCH):
            fresh = catalog.found(source.id, batch)
            shop.progress("found", len(batch), None)
            yield from fresh


class _Examiner:
    """Has items examined by workers and notes what they say; `done` counts them."""

    def __init__(self, shop: Workshop, catalog: PlanWriter) -> None:
        self._shop = shop
        self._catalog = catalog
        self.done = 0
        self._died: list[tuple[ExamineTask, str]] = []
        self._left: list[ExamineTask] = []
        self._unanswered = 0

    def examine(
        self, way: _Way, items: Iterator[Item], count: Callable[[str], int] | None = None
    ) -> None:
        """Examine items one way; `count` tells how many there are, where that can be known."""
        given = 0

        def tasks() -> Iterator[ExamineTask]:
            nonlocal given
            for batch in batched(items, _EXAMINE_BATCH):
                given += len(batch)
                yield ExamineTask(batch, way.upto)

        coming = tasks()
        first = tuple(islice(coming, self._shop.processes))
        if not first:
            return
        # From here on the plan in the ledger is neither the old nor the new one.
        self._catalog.plan_opened()
        before = self.done
        total = before + count(way.digest) if count else None
        with self._shop.workers(len(first)) as executor:
            for said in executor.run(chain(first, coming), ahead=True):
                self._note(way, said, total)
            self._examine_left(way, executor, total)
            # One of the items of such a task ends its worker: alone, the others are looked into.
            alone = (ExamineTask((item,), way.upto) for task in self._lost() for item in task.items)
            for said in executor.run(alone):
                self._note(way, said, total)
            self._examine_left(way, executor, total)
        self._give_up(way, total)
        if self.done - before < given:
            raise FerryError("the worker processes died", hint="see the log in the state folder")

    def _examine_left(self, way: _Way, executor: Executor, total: int | None) -> None:
        """Have the other items of tasks looked into, of which one item did not answer."""
        while self._left:
            left, self._left = self._left, []
            for said in executor.run(iter(left)):
                self._note(way, said, total)

    def _lost(self) -> list[ExamineTask]:
        """Return the tasks whose worker died, and forget them."""
        lost, self._died = [task for task, _ in self._died], []
        return lost

    def _give_up(self, way: _Way, total: int | None) -> None:
        """Note items that end every worker that looks into them."""
        results = [
            Examined(item.id, Verdict.NOT_LOOKED_INTO, "ended-its-worker", why)
            for task, why in self._died
            for item in task.items
        ]
        self._died = []
        self._keep(way, results, total)

    def _note(self, way: _Way, said: list[Said[ExamineTask]], total: int | None) -> None:
        results = [
            result
            for one in said
            if isinstance(one.message, Examinations)
            for result in one.message.results
        ]
        self._keep(way, results, total)
        if results:
            self._unanswered = 0
        for one in said:
            if isinstance(one.message, Done) and one.message.item:
                self._pass_over(way, one.task, one.message, total)
            elif isinstance(one.message, Done) and one.message.died:
                self._died.append((one.task, one.message.error))
            elif isinstance(one.message, Done) and one.message.error:
                raise FerryError(one.message.error, hint=one.message.hint)

    def _pass_over(self, way: _Way, task: ExamineTask, done: Done, total: int | None) -> None:
        """Note the item of a task that did not answer, and keep the task of the others.

        Raises `FerryError` where nothing has answered for a while: each file of a disk that hangs
        would be waited for.
        """
        left = tuple(item for item in task.items if item.id != done.item)
        if left:
            self._left.append(ExamineTask(left, task.upto))
        result = Examined(done.item, Verdict.NOT_LOOKED_INTO, NO_ANSWER, done.error)
        self._keep(way, [result], total)
        self._unanswered += 1
        if self._unanswered >= _MOST_UNANSWERED:
            place = next(item.location for item in task.items if item.id == done.item)
            raise FerryError(
                f"{self._unanswered} files one after the other did not answer, the last is {place}",
                hint="see whether the disk hangs, mend it, then run again",
            )

    def _keep(self, way: _Way, results: list[Examined], total: int | None) -> None:
        if results:
            self._catalog.examined(way.digest, results)
            self.done += len(results)
            self._shop.progress("examined", len(results), total)
