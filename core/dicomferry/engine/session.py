"""One use of a recipe: its state folder, its lock, its ledger, and what is done with them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from dicomferry.engine.deliver import Courier, Tally, is_complete
from dicomferry.engine.labelled import labelled
from dicomferry.engine.log import log_to
from dicomferry.engine.plan import Progress, Workshop, make_plan
from dicomferry.engine.problems import anonymizes_of, by_severity, find_problems, waive
from dicomferry.engine.provenance.lock_file import make_lock
from dicomferry.engine.provenance.manifest_writer import ManifestWriter
from dicomferry.engine.retrieve.retriever import Courtesy, Retrieval, Retriever
from dicomferry.engine.retrieve.row_tables import write_row_tables
from dicomferry.engine.stages import Stages, build_stages, only_servers
from dicomferry.engine.worker import WorkerSpec
from dicomferry.errors import FerryError, LedgerError, StoppedError
from dicomferry.host import Plugins
from dicomferry.ledger import Ledger, Lock
from dicomferry.ledger.catalog import CatalogWriter
from dicomferry.ledger.deliveries import LABELLED_RUN, Deliveries
from dicomferry.ledger.labels import Labels, put_labels
from dicomferry.ledger.provenance import held_back
from dicomferry.ledger.retrievals import Retrievals
from dicomferry.ledger.rows import Verdict
from dicomferry.ledger.view import LedgerView
from dicomferry.model import Problem, Severity
from dicomferry.recipe.recipe import Recipe

if TYPE_CHECKING:
    from dicomferry.engine.choosing.line import Line


class Job(Struct, frozen=True):
    """What is to be run, and where its state is kept."""

    recipe: Recipe
    plugins: Plugins
    state: Path
    progress: Progress
    rehearsal: bool = False
    courtesy: Courtesy = field(default_factory=Courtesy)


class Planned(Struct, frozen=True):
    """A plan: read it through `view`; `problems` has the errors first."""

    view: LedgerView
    problems: tuple[Problem, ...]

    @property
    def errors(self) -> tuple[Problem, ...]:
        """Return the problems that stop a run."""
        return tuple(p for p in self.problems if p.severity is Severity.ERROR)

    @property
    def rejected(self) -> int:
        """Return how many items a rule holds back."""
        return sum(t.count for t in self.view.tallies() if t.verdict is Verdict.REJECTED)


class RunReport(Struct, frozen=True):
    """What a run did at each sink; `interrupted` when it was asked to stop.

    `rejected` is how many items a rule held back, those included that came while it ran.
    """

    planned: Planned
    rejected: int
    tallies: dict[str, Tally]
    interrupted: bool
    remaining: int
    manifest: Path
    retrieval: Retrieval

    @property
    def complete(self) -> bool:
        """Tell whether everything of the plan is stored or was excluded on purpose."""
        return (
            not self.rejected
            and not self.remaining
            and all(is_complete(tally) for tally in self.tallies.values())
        )


def state_folder(recipe: Recipe, chosen: Path | None) -> Path:
    """Return where a recipe's ledger lives: beside the recipe, unless told otherwise."""
    return chosen or recipe.folder / ".dicomferry" / recipe.name


class Session:
    """An open state folder; made by `open_session`."""

    def __init__(self, job: Job, stages: Stages, ledger: Ledger) -> None:
        self._job = job
        self._built = self.stages = stages
        self.ledger = ledger
        spec = WorkerSpec(job.recipe, job.plugins, job.state, job.rehearsal, os.getpid())
        processes = os.cpu_count() or 1
        self._shop = Workshop(stages, ledger, spec, processes, job.progress)
        self._under_way: list[Courier | Retriever] = []
        self._stopped = False
        self._planning = False

    @property
    def recipe(self) -> Recipe:
        """The recipe in use."""
        return self._job.recipe

    def plan(self, chosen: Path | None = None, labels: Labels | None = None) -> Planned:
        """Bring the plan up to date and look for problems. Nothing is sent.

        `chosen` is a saved plan: what it does not include is excluded, and the labels that were
        edited in it are written. Without one, `labels` are. Raises `FerryError` where it is not
        one of the plan of now.
        """
        lines: list[Line] = []
        if chosen is not None:
            from dicomferry.engine.choosing import asked_labels, read_lines

            lines = read_lines(chosen)
            labels = asked_labels(lines)
        self._label(labels or {})
        self._planning = True
        try:
            if self._stopped:  # while the ledger was opened
                self.stop()
            make_plan(self._shop)
        finally:
            self._planning = False
        found = []
        if chosen is not None:
            from dicomferry.engine.choosing import choose

            catalog = CatalogWriter(self.ledger)
            found = waive(choose(self.ledger, catalog, chosen, lines), self.recipe.allow)
        xnat = any(sink.sink.server for sink in self.stages.sinks)
        recipe = self._job.recipe
        anonymizes = anonymizes_of(recipe, self.stages)
        found += find_problems(self.ledger, recipe.allow, xnat=xnat, anonymizes=anonymizes)
        return Planned(LedgerView(self.ledger), tuple(by_severity(found)))

    def _label(self, labels: Labels) -> None:
        put_labels(self.ledger, labels)
        self.stages = labelled(self._built, labels, self._job.recipe, self._job.plugins)
        spec = replace(self._shop.spec, labels=labels)
        self._shop = replace(self._shop, stages=self.stages, spec=spec)

    def run(self, planned: Planned, limit: int | None) -> RunReport:
        """Deliver the plan to every sink in turn. Raises `FerryError` when the plan has errors."""
        if planned.errors:
            raise FerryError(
                f"nothing was sent: the plan has {len(planned.errors)} error(s)",
                hint="mend them, or allow a code under allow: in the recipe",
            )
        recipe, plugins = self._job.recipe, self._job.plugins
        deliveries = Deliveries(self.ledger, planned.view.scan)
        verb = LABELLED_RUN if self.stages.labels else "run"
        run = deliveries.begin(verb, recipe.name, self.stages.digest)
        plugins.run_started(recipe, run)
        lock = make_lock(recipe, plugins, self.stages)
        tallies: dict[str, Tally] = {}
        receivers = {taking.id: taking.sink.receiver for taking in self.stages.sinks}
        labels = self.stages.labels
        with ManifestWriter(self._job.state, recipe, run, lock, receivers, labels) as manifest:
            for taking in self.stages.sinks:
                courier = Courier(
                    self._shop, deliveries, run, taking, plugins.outcome, manifest.delivered
                )
                self._under_way.append(courier)
                if self._stopped:
                    break
                tallies[taking.id] = courier.deliver(limit)
            retrieval = self._retrieve(planned, run, limit)
            left = sum(deliveries.count_left(taking.key) for taking in self.stages.sinks)
            report = RunReport(
                planned, planned.rejected, tallies, self._stopped, left, manifest.path, retrieval
            )  # fmt: skip
            write_row_tables(self.stages, self.ledger, planned.view.scan, self._job.state)
            manifest.finish(held_back(self.ledger, planned.view.scan), complete=report.complete)
        deliveries.finish(run, complete=report.complete)
        plugins.run_finished(recipe, run, report.complete)
        return report

    def _retrieve(self, planned: Planned, run: int, limit: int | None) -> Retrieval:
        couriers = [one for one in self._under_way if isinstance(one, Courier)]
        keys = [taking.key for taking in self.stages.sinks]
        retrievals = Retrievals(self.ledger, planned.view.scan, run, keys)
        retriever = Retriever(self._shop, retrievals, couriers, self._job.courtesy)
        self._under_way.append(retriever)
        return retriever.result if self._stopped else retriever.bring(limit)

    def stop(self) -> None:
        """End a run after the instances under way. Safe to call from a signal handler.

        Raises `StoppedError` while there is only a plan in the making: nothing is under way then,
        and a half-made plan is made anew by the next run.
        """
        self._stopped = True
        if self._planning:
            raise StoppedError("stopped while planning; nothing was sent")
        for one in self._under_way:
            one.stop()


@contextmanager
def open_session(job: Job) -> Iterator[Session]:
    """Open a recipe's state folder for writing and hold its lock.

    Raises `LedgerError` when it cannot be written or another run holds it, and `FerryError` when
    a component cannot be built.
    """
    stages = build_stages(job.recipe, job.plugins)
    if job.rehearsal:
        stages = only_servers(stages)
    make_folder(job.state)
    with Lock(job.state, "rehearse" if job.rehearsal else "run"):
        log_to(job.state)
        ledger = Ledger(job.state)
        try:
            yield Session(job, stages, ledger)
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
