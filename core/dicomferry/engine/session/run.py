"""One run: a plan brought to every sink, and written down as it goes."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from dicomferry.engine.deliver.courier import Courier, SinkTally, is_complete
from dicomferry.engine.deliver.pacing.choice import open_paces
from dicomferry.engine.pipeline.context import BuildContext
from dicomferry.engine.plan.planned import Planned
from dicomferry.engine.plan.problems import names_labels
from dicomferry.engine.provenance.lock_file import make_lock
from dicomferry.engine.provenance.manifest_writer import ManifestWriter
from dicomferry.engine.retrieve.courtesy import Courtesy
from dicomferry.engine.retrieve.retriever import Retrieval, Retriever
from dicomferry.engine.retrieve.spool import forget_lost
from dicomferry.engine.session.job import Job
from dicomferry.engine.session.row_tables import write_row_tables
from dicomferry.engine.workers.workshop import Workshop
from dicomferry.errors import FerryError, LedgerError
from dicomferry.ledger.delivering.deliveries import LABELLED_RUN, Deliveries
from dicomferry.ledger.delivering.retrievals import Filing, Retrievals
from dicomferry.ledger.rows import Verdict


class RunResult(Struct, frozen=True):
    """What a run did at each sink; `interrupted` when it was asked to stop.

    `planned_instances` are to be brought. `rejected` is how many items a rule held back and
    `not_looked_into` how many could not be read, those included that came while it ran.
    """

    planned: Planned
    planned_instances: int
    rejected: int
    not_looked_into: int
    tallies: dict[str, SinkTally]
    interrupted: bool
    remaining: int
    manifest: Path
    retrieval: Retrieval

    @property
    def complete(self) -> bool:
        """Tell whether everything of the plan is stored or was excluded on purpose."""
        return (
            not self.rejected
            and not self.not_looked_into
            and not self.remaining
            and all(is_complete(tally) for tally in self.tallies.values())
        )


class PartlyDoneError(FerryError):
    """The ledger or the manifest failed in the middle of a run: what was stored before is kept."""

    exit_code = 1


class Running:
    """Runs a plan once, and can be asked to stop."""

    def __init__(self, job: Job, shop: Workshop, courtesy: Courtesy) -> None:
        self._job = job
        self._courtesy = courtesy
        self._shop = shop
        self._under_way: list[Courier | Retriever] = []
        self._stopped = False

    def run(self, planned: Planned, limit: int | None) -> RunResult:
        """Deliver the plan to every sink in turn. Raises `FerryError` when the plan has errors."""
        try:
            return self._run(planned, limit)
        except LedgerError as error:
            couriers = [one for one in self._under_way if isinstance(one, Courier)]
            stored = sum(courier.tally.stored for courier in couriers)
            if not stored:
                raise
            words = f"{error.message}; before that {stored:,} instances were stored"
            raise PartlyDoneError(words, hint=error.hint) from error

    def _run(self, planned: Planned, limit: int | None) -> RunResult:
        if planned.errors:
            raise FerryError(
                f"nothing was sent: the plan has {len(planned.errors)} error(s)",
                hint="mend them, or allow a code under allow: in the recipe",
            )
        recipe, plugins = self._job.recipe, self._job.plugins
        steps, ledger = self._shop.steps, self._shop.ledger
        deliveries = Deliveries(ledger, planned.view.scan)
        verb = LABELLED_RUN if steps.labels else "run"
        run = deliveries.begin(verb, recipe.name, steps.digest)
        plugins.run_started(recipe, run)
        lock = make_lock(recipe, plugins, steps)
        served: dict[str, Courier] = {}
        receivers = {sink_step.id: sink_step.sink.receiver for sink_step in steps.sinks}
        labels = steps.labels
        retrievals = self._retrievals(planned, run)
        forget_lost(retrievals)
        context = BuildContext(recipe, plugins)
        with (
            ManifestWriter(self._job.state, recipe, run, lock, receivers, labels) as manifest,
            open_paces(recipe, steps, context) as paces,
        ):
            for sink_step in steps.sinks:
                courier = Courier(
                    self._shop,
                    deliveries,
                    run,
                    sink_step,
                    plugins.outcome,
                    manifest.delivered,
                    paces.get(sink_step.sink.server),
                )
                self._under_way.append(courier)
                if self._stopped:
                    break
                served[sink_step.id] = courier
                courier.deliver(limit)
            retrieval = self._retrieve(retrievals, limit)
            left = sum(deliveries.count_left(sink_step.key) for sink_step in steps.sinks)
            tallies = {name: courier.tally for name, courier in served.items()}
            report = RunResult(
                planned, planned.count(Verdict.READY), planned.count(Verdict.REJECTED),
                planned.count(Verdict.NOT_LOOKED_INTO), tallies, self._stopped, left,
                manifest.path, retrieval,
            )  # fmt: skip
            write_row_tables(steps, planned.view, self._job.state)
            manifest.finish(planned.view.items(held=True), complete=report.complete)
        deliveries.finish(run, complete=report.complete)
        plugins.run_finished(recipe, run, report.complete)
        return report

    def _retrievals(self, planned: Planned, run: int) -> Retrievals:
        steps = self._shop.steps
        keys = [sink_step.key for sink_step in steps.sinks]
        recipe = self._job.recipe
        by_labels = names_labels(recipe, steps)
        filing = Filing(steps.has_xnat, steps.first_session_wins, by_labels, recipe.allow)
        return Retrievals(self._shop.ledger, planned.view.scan, run, keys, filing)

    def _retrieve(self, retrievals: Retrievals, limit: int | None) -> Retrieval:
        couriers = [one for one in self._under_way if isinstance(one, Courier)]
        retriever = Retriever(self._shop, retrievals, couriers, self._courtesy)
        self._under_way.append(retriever)
        return retriever.result if self._stopped else retriever.bring(limit)

    def stop(self) -> None:
        """End the run after the instances under way. Safe to call from a signal handler."""
        self._stopped = True
        for one in self._under_way:
            one.stop()
