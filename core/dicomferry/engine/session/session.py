"""One use of a recipe: its state folder, its lock, its ledger, and what is done with them."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from dicomferry.contract.executor import ExecutorFactory
from dicomferry.contract.fetcher import Manners
from dicomferry.engine.pipeline.chosen_labels import with_chosen_labels
from dicomferry.engine.pipeline.context import BuildContext
from dicomferry.engine.pipeline.steps import Steps, build_steps, only_servers, work_of
from dicomferry.engine.pipeline.tables import table_remarks
from dicomferry.engine.pipeline.watch import Limits
from dicomferry.engine.plan.last_errors import note_errors
from dicomferry.engine.plan.make import make_plan
from dicomferry.engine.plan.planned import Planned
from dicomferry.engine.plan.planned_for import note_recipe, other_recipe, shared_state
from dicomferry.engine.plan.problems import (
    anonymizes_of,
    by_severity,
    find_problems,
    names_labels,
    site_scripts,
    waive,
)
from dicomferry.engine.retrieve.answers import AnswerBook
from dicomferry.engine.retrieve.courtesy import Courtesy
from dicomferry.engine.session.begun_with import begun_with
from dicomferry.engine.session.executors import choose_executor
from dicomferry.engine.session.job import Job
from dicomferry.engine.session.missing_table import write_missing
from dicomferry.engine.session.row_tables import write_row_tables
from dicomferry.engine.workers.workbench import WorkerSpec
from dicomferry.engine.workers.workshop import Workshop
from dicomferry.errors import FerryError, LedgerError, ProblemsError, StoppedError
from dicomferry.ledger import Ledger, Lock
from dicomferry.ledger.planning.answers import forget_doubtful_answers
from dicomferry.ledger.planning.catalog import PlanWriter
from dicomferry.ledger.planning.chosen_labels import Labels, put_labels
from dicomferry.ledger.planning.plan_sinks import note_sinks
from dicomferry.ledger.reading.plan_reader import PlanReader
from dicomferry.log import logging_to
from dicomferry.recipe.recipe import Recipe

if TYPE_CHECKING:
    from dicomferry.engine.plan.choosing.reading import SavedPlan
    from dicomferry.engine.session.run import Running, RunResult


def state_folder(recipe: Recipe, chosen: Path | None) -> Path:
    """Return where a recipe's ledger lives: beside the recipe, unless told otherwise."""
    return chosen or recipe.folder / ".dicomferry" / recipe.name


class Session:
    """An open state folder; made by `open_session`."""

    def __init__(
        self, job: Job, steps: Steps, ledger: Ledger, executor: ExecutorFactory, book: AnswerBook
    ) -> None:
        self._job = job
        self._book = book
        self.ledger = ledger
        limits = Limits.of(os.environ)
        begun = begun_with(ledger, job.recipe.params)
        self._built = self.steps = replace(steps, work=work_of(job.recipe, steps.transforms, begun))
        spec = WorkerSpec(
            job.recipe, job.plugins, job.state, job.rehearsal, begun=begun, limits=limits
        )
        processes = os.cpu_count() or 1
        self._shop = Workshop(self.steps, ledger, spec, processes, job.progress, executor)
        self._running: Running | None = None
        self._stopped = False
        self._planning = False

    @property
    def recipe(self) -> Recipe:
        """The recipe in use."""
        return self._job.recipe

    def plan(
        self, chosen: Path | None = None, labels: Labels | None = None,
        courtesy: Courtesy | None = None,
    ) -> Planned:  # fmt: skip
        """Bring the plan up to date and look for problems. Nothing is sent.

        `chosen` is a saved plan: what it does not include is excluded, and its edited labels are
        written. Without `chosen`, `labels` are written. `courtesy` says how a PACS is treated that
        sources ask. Raises `FerryError` for a saved plan of other series than the plan has now, and
        outside the hours of such a PACS.
        """
        saved: SavedPlan | None = None
        if chosen is not None:
            from dicomferry.engine.plan.choosing import asked_labels, read_saved_plan

            saved = read_saved_plan(chosen)
            labels = asked_labels(saved.lines)
        self._label(labels or {})
        self._book.begin(courtesy or Courtesy())
        forget_doubtful_answers(self.ledger, time.time())
        self._planning = True
        try:
            if self._stopped:  # while the ledger was opened
                self.stop()
            other = other_recipe(self.ledger, self.recipe)
            make_plan(self._shop)
            note_recipe(self.ledger, self.recipe)
            note_sinks(self.ledger, [sink.key for sink in self.steps.sinks])
        except FerryError:
            if saved is not None and saved.faults:
                raise ProblemsError(saved.faults) from None
            raise
        finally:
            self._planning = False
        found = []
        if chosen is not None and saved is not None:
            from dicomferry.engine.plan.choosing import choose

            catalog = PlanWriter(self.ledger)
            found = waive(choose(catalog, chosen, saved), self.recipe.allow)
        recipe = self._job.recipe
        anonymizes = anonymizes_of(recipe, self.steps)
        found += table_remarks(recipe, self._job.plugins)
        found += waive(shared_state(other), recipe.allow)
        found += waive(self._book.problems(), self.recipe.allow)
        found += waive(site_scripts(recipe, self.steps), recipe.allow)
        found += find_problems(
            self.ledger, recipe.allow, xnat=self.to_xnat, anonymizes=anonymizes,
            sources=[step.id for step in self.steps.sources],
            plugins=self._job.plugins, labelled=names_labels(recipe, self.steps),
            sinks=[sink.key for sink in self.steps.sinks if sink.sink.server],
            every_sink=[sink.key for sink in self.steps.sinks],
        )  # fmt: skip
        planned = Planned(PlanReader.last(self.ledger), tuple(by_severity(found)))
        write_row_tables(self.steps, planned.view, self._job.state)
        write_missing(planned.view, self._job.state)
        note_errors(self.ledger, planned.errors)
        return planned

    @property
    def to_xnat(self) -> bool:
        """Whether an XNAT receives what is sent."""
        return self.steps.has_xnat

    def _label(self, labels: Labels) -> None:
        put_labels(self.ledger, labels)
        self.steps = with_chosen_labels(self._built, labels)
        spec = replace(self._shop.spec, labels=labels)
        self._shop = replace(self._shop, steps=self.steps, spec=spec)

    def run(
        self, planned: Planned, limit: int | None, courtesy: Courtesy | None = None
    ) -> RunResult:
        """Deliver the plan to every sink in turn.

        `courtesy` says how a PACS is treated. Raises `FerryError` when the plan has errors, and
        when it is not the last one that this session made: its instances are not found by it.
        """
        from dicomferry.engine.session.run import Running

        last = PlanReader.last(self.ledger)
        if planned.view.ledger is not self.ledger or planned.view.scan != last.scan:
            raise FerryError(
                "nothing was sent: this is not the last plan that was made here",
                hint="plan again, and run what that returns",
            )
        self._running = Running(self._job, self._shop, courtesy or Courtesy())
        if self._stopped:  # before there was anything under way
            self._running.stop()
        return self._running.run(planned, limit)

    def manners(self, fetcher: str, server: str) -> Manners:
        """Return how a server wants to be asked for instances.

        Raises `FerryError` where no plug-in offers the fetcher.
        """
        return BuildContext(self._job.recipe, self._job.plugins).fetcher(fetcher, server).manners

    def stop(self) -> None:
        """End a run after the instances under way. Safe to call from a signal handler.

        Raises `StoppedError` while the session makes a plan: nothing is under way then, and the
        next run makes the plan anew.
        """
        self._stopped = True
        if self._planning:
            raise StoppedError("stopped while planning; nothing was sent")
        if self._running is not None:
            self._running.stop()


@contextmanager
def open_session(job: Job) -> Iterator[Session]:
    """Open a recipe's state folder for writing and hold its lock.

    Raises `LedgerError` when it cannot be written or another run holds it, and `FerryError` when
    a component cannot be built or there is no such executor.
    """
    book = AnswerBook()
    context = BuildContext(job.recipe, job.plugins, book.of)
    steps = build_steps(job.recipe, job.plugins, context)
    if job.rehearsal:
        steps = only_servers(steps)
    executor = choose_executor(job.executor, job.recipe, job.plugins)
    make_folder(job.state)
    with Lock(job.state, "rehearse" if job.rehearsal else "run"), logging_to(job.state):
        book.ledger = ledger = Ledger(job.state)
        try:
            yield Session(job, steps, ledger, executor, book)
        finally:
            ledger.close()


def make_folder(folder: Path) -> None:
    """Make a state folder that only its owner can read."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise LedgerError(
            f"{folder}: cannot be made: {error.strerror}",
            hint="choose another folder for the ledger with --state",
        ) from None
