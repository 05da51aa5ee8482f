"""The product as a library: a recipe in use, and everything that the verbs do with it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

from msgspec.structs import replace

from dicomferry.errors import FerryError, ProblemsError
from dicomferry.model import Severity

if TYPE_CHECKING:
    from dicomferry.contract.stand_in import Faults
    from dicomferry.engine.pipeline.steps import Steps
    from dicomferry.engine.retrieve.courtesy import Courtesy
    from dicomferry.engine.session.job import Job
    from dicomferry.engine.session.questions import Questions
    from dicomferry.engine.session.replay import ReplayReceiver
    from dicomferry.engine.session.session import Session
    from dicomferry.engine.trial.two_recipes import Candidate
    from dicomferry.engine.workers.workshop import Progress
    from dicomferry.host import Plugins
    from dicomferry.ledger import Ledger
    from dicomferry.model import Problem
    from dicomferry.recipe.recipe import Recipe
    from dicomferry.recipe.settings import ParamSettings
    from dicomferry.rehearsal import Rehearsal
    from dicomferry.reports.doctor import DoctorReport
    from dicomferry.reports.plan import Plan
    from dicomferry.reports.replay import ReplayReport
    from dicomferry.reports.run import RunReport
    from dicomferry.reports.status import ItemRecord, StatusReport
    from dicomferry.reports.trial import ContrastReport, TrialReport
    from dicomferry.reports.verify import VerifyReport

Content = Literal["none", "sample", "all"]
"""What `verify` reads back: nothing, one instance of each series, or every instance."""


class Ferry:
    """A recipe in use. Make one with `Ferry.open`, in a `with` block.

    It prints nothing and changes no signal handler. The state folder is locked from the first
    `plan` to the end of the block. `status`, `items` and `verify` only read, and lock nothing.
    Every method raises `FerryError` for what the user can mend.

    `warnings` are the problems of the recipe that do not stop it. `progress(what, done, total)` is
    called while something goes on; assign another function at any time.
    """

    def __init__(
        self, path: Path, recipe: Recipe, plugins: Plugins, settings: ParamSettings,
        state: Path | None, executor: str | None,
    ) -> None:  # fmt: skip
        self.path = path
        self.recipe = recipe
        self.plugins = plugins
        self.settings = settings
        self.warnings = tuple(plugins.check_recipe(recipe))
        self.progress: Progress = _silent
        self.executor = executor or "local"
        self._chosen_state = state
        self._opened = ExitStack()
        self._session: Session | None = None
        self._rehearsal: Rehearsal | None = None
        self._stopped = False

    @classmethod
    def open(
        cls,
        recipe: str | Path,
        params: Mapping[str, object] | None = None,
        *,
        state: str | Path | None = None,
        executor: str | None = None,
        plugins: Plugins | None = None,
    ) -> Self:
        """Read and check a recipe; `params` are values for its parameters.

        `state` is the folder of the ledger, by default `.dicomferry/NAME` beside the recipe.
        `executor` names the executor, by default `local`: worker processes on this machine.
        `plugins` are the installed ones unless given. Raises `ProblemsError` with every fault of
        the recipe at once.
        """
        from dicomferry.host import load_plugins, selection_of
        from dicomferry.recipe.load import load_recipe

        path = Path(recipe)
        settings = _settings(params or {})
        plugins = plugins or load_plugins(selection_of(os.environ))
        loaded = load_recipe(path, plugins.components, settings, os.environ)
        folder = Path(state) if state is not None else None
        ferry = cls(path, loaded, plugins, settings, folder, executor)
        if any(problem.severity is Severity.ERROR for problem in ferry.warnings):
            raise ProblemsError(ferry.warnings)
        return ferry

    @classmethod
    def of_manifest(
        cls,
        manifest: str | Path,
        recipe: str | Path | None = None,
        params: Mapping[str, object] | None = None,
        *,
        plugins: Plugins | None = None,
    ) -> Self:
        """Open the recipe of a run by its manifest, with the params of that run.

        `params` has those that the manifest does not keep because they may be secrets.
        """
        from dicomferry.engine.provenance.manifest import read_head

        head = read_head(Path(manifest))
        settings = head.settings(_settings(params or {}))
        return cls.open(recipe or head.recipe, settings, plugins=plugins)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the ledger and release the lock of the state folder."""
        self._session = None
        self._opened.close()

    @property
    def state(self) -> Path:
        """The folder of the ledger."""
        from dicomferry.engine.session.session import state_folder

        return state_folder(self.recipe, self._chosen_state)

    @property
    def command_line(self) -> str:
        """The recipe with its params and state folder, to be pasted behind a verb."""
        from dicomferry.engine.session.command_line import named_again

        return named_again(self.path, self.settings, self._chosen_state)

    @property
    def session(self) -> Session:
        """The open session; the first use locks the state folder."""
        if self._session is None:
            from dicomferry.engine.session.session import open_session

            self._session = self._opened.enter_context(open_session(self._job()))
            if self._stopped:
                self._session.stop()
        return self._session

    def stop(self) -> None:
        """End what goes on after the instances under way: call it for Ctrl-C.

        Safe to call from a signal handler. Raises `StoppedError` while a plan is in the making.
        """
        self._stopped = True
        if self._rehearsal is not None:
            self._rehearsal.stop()
        if self._session is not None:
            self._session.stop()

    def remarks(self) -> list[Problem]:
        """Return the warnings about the tables that the recipe names; `plan` has them, too.

        Raises `ProblemsError` with every error in them, and `FerryError` for one that cannot be
        read.
        """
        from dicomferry.engine.pipeline.tables import table_remarks

        return table_remarks(self.recipe, self.plugins)

    def plan(
        self, chosen: str | Path | None = None, *, ask: bool = False,
        courtesy: Courtesy | None = None,
    ) -> Plan:  # fmt: skip
        """Bring the plan up to date, and look for problems. Nothing is sent.

        `chosen` is a saved plan (`Plan.save`): only what it includes is planned, as it is labelled
        there. With `ask`, the XNATs say what stands in the way there. `courtesy` has the limits for
        requests to a PACS among the sources.
        """
        from dicomferry.reports.plan import Plan

        session = self.session
        planned = session.plan(Path(chosen) if chosen is not None else None, courtesy=courtesy)
        if ask:
            planned = self.questions().before(planned, session.ledger)
        return Plan(planned, session)

    def run(
        self, plan: Plan, *, limit: int | None = None, verify: bool = False, wait: float = 600.0,
        courtesy: Courtesy | None = None,
    ) -> RunReport:  # fmt: skip
        """Bring a plan to the sinks, `limit` sessions at most.

        With `verify`, the ferry then asks XNAT what it holds, and XNAT gets `wait` seconds at most
        to finish. `courtesy` has the limits for requests to a PACS. Raises `FerryError` before
        anything is sent: for a plan that has errors or is not the last one of this ferry, and with
        `verify` for an XNAT that cannot be asked.
        """
        from dicomferry.engine.verify.last import doubt
        from dicomferry.engine.verify.mismatch import MismatchExplainer
        from dicomferry.reports.run import run_report
        from dicomferry.reports.verify import verify_report

        session = self.session
        asking = self.questions() if verify else None
        result = session.run(plan.planned, limit, courtesy)
        if asking is None or result.interrupted:
            return run_report(result, doubt(self.state))
        findings = asking.after(session.steps, session.ledger, wait)
        explainer = MismatchExplainer(plan.planned.view, plan.planned.problems)
        report = run_report(result, doubt(self.state))
        return replace(report, verify=verify_report(findings, explainer.rules))

    def questions(self) -> Questions:
        """Return the questions to the recipe's XNATs; raises `FerryError` if one takes none."""
        from dicomferry.engine.session.questions import questions

        return questions(self.recipe, self.plugins, self._steps(), self.command_line, self.show)

    def verify(
        self, *, wait: float = 0.0, content: Content = "none", send_again: bool = False,
        save_vectors: str | Path | None = None,
    ) -> VerifyReport:  # fmt: skip
        """Ask XNAT what it holds of the plan in the ledger, by SOP Instance UID.

        XNAT gets `wait` seconds at most to finish the sessions that it works on. `content` says
        which instances are read back and compared. With `send_again` the next run sends what XNAT
        does not hold, or holds with other content. `save_vectors` is a file for test vectors of the
        sessions that did not land as forecast.
        """
        from dicomferry.engine.plan.planned_for import other_recipe
        from dicomferry.engine.session import questions
        from dicomferry.reports.verify import verify_report

        asking = self.questions()
        with self._ledger() as ledger:
            if other := other_recipe(ledger, self.recipe):
                raise FerryError(
                    f"the last plan in {self.state} is of another recipe: {other}",
                    hint="plan this one first, and give each a state folder of its own",
                )
            steps = self._labelled_steps(ledger)
            findings = asking.after(steps, ledger, wait, content)
            explainer = questions.explainer_of(ledger, steps)
            if save_vectors is not None:
                questions.save_mismatches(findings, ledger, Path(save_vectors))
        marked = 0
        if send_again and self._session is not None:
            marked = questions.mark_wrong_in(self._session.ledger, findings)
        elif send_again:
            marked = questions.mark_wrong(self.state, findings)
        return verify_report(findings, explainer.rules, marked)

    @contextmanager
    def rehearsal(
        self, *, keep: str | Path | None = None, faults: Faults | None = None
    ) -> Iterator[Rehearsal]:
        """Open a rehearsal against stand-ins of the recipe's XNATs; its own ledger is not touched.

        `keep` is a folder for what the stand-ins receive, `faults` what they do on purpose.
        """
        from dicomferry.rehearsal import open_rehearsal

        folder = Path(keep) if keep is not None else None
        named = str(self.path)
        with open_rehearsal(self._job(), named, folder, faults) as rehearsal:
            self._rehearsal = rehearsal
            if self._stopped:
                rehearsal.stop()
            try:
                yield rehearsal
            finally:
                self._rehearsal = None

    def status(self) -> StatusReport:
        """Return what the ledger knows; it has no items, which `items` yields."""
        from dicomferry.engine.plan.last_errors import last_errors
        from dicomferry.engine.plan.planned_for import other_recipe
        from dicomferry.engine.plan.problems.instances import lost_runs
        from dicomferry.engine.verify.last import doubt
        from dicomferry.ledger.reading.plan_reader import PlanReader
        from dicomferry.reports.status import status_report

        with self._ledger() as ledger:
            view = PlanReader.last(ledger)
            doubts = doubt(self.state), lost_runs(ledger)
            other = other_recipe(ledger, self.recipe)
            return status_report(view, *doubts, last_errors(ledger), other)

    def items(self, state: str = "all") -> Iterator[ItemRecord]:
        """Yield every item in one of `dicomferry.reports.status.STATES`.

        Raises `FerryError` for any other state.
        """
        from dicomferry.ledger.reading.plan_reader import PlanReader
        from dicomferry.reports.status import item_records

        with self._ledger() as ledger:
            yield from item_records(PlanReader.last(ledger), state)

    def crosswalk(self) -> Iterator[tuple[str, str, str]]:
        """Yield every changed UID once: study, series or sop, and the UID before and after."""
        from dicomferry.ledger.reading.crosswalk import crosswalk

        with self._ledger() as ledger:
            yield from crosswalk(ledger)

    def doctor(self, *, write: bool = False) -> DoctorReport:
        """Ask the recipe's servers whether they can be reached and are as it says.

        With `write`, an XNAT's own rules are put into the recipe where they differ.
        """
        from dicomferry.engine.doctor import diagnose
        from dicomferry.reports.doctor import doctor_report

        return doctor_report(
            *diagnose(self.path, self.recipe, self.plugins, self.state, write=write)
        )

    def lock(self) -> Path:
        """Write what a run is made of into the lock beside the recipe; return its path."""
        from dicomferry.engine.provenance.lock_file import make_lock, write_lock

        return write_lock(self.path, make_lock(self.recipe, self.plugins, self._steps()))

    def check_lock(self) -> Path:
        """Return the path of the lock; raises `FerryError` where anything differs from it."""
        from dicomferry.engine.provenance.lock_file import make_lock, refuse_drift

        return refuse_drift(self.path, make_lock(self.recipe, self.plugins, self._steps()))

    def replay(
        self, manifest: str | Path, to: str | Path | ReplayReceiver | None = None
    ) -> ReplayReport:
        """Send again what a manifest lists as stored, and compare every byte (see `of_manifest`).

        The files go to `to`, a folder or a receiver; without it they are deleted afterwards.
        """
        from dicomferry.engine.session.replay import replay_elsewhere
        from dicomferry.reports.replay import replay_report

        target = Path(to) if isinstance(to, str) else to
        return replay_report(
            *replay_elsewhere(Path(manifest), self.recipe, self.plugins, target, self.show)
        )

    def test(self, *, update: bool = False) -> TrialReport:
        """Run the recipe's own tests; with `update`, write what comes of them as expectations."""
        from dicomferry.engine.trial.update import try_recipe
        from dicomferry.reports.trial import trial_report

        return trial_report(*try_recipe(self.path, self.recipe, self.plugins, rewrite=update))

    def contrast(self, other: Ferry, files: Iterable[Path] | None = None) -> ContrastReport:
        """Say how another recipe differs in effect, on `files` or on instances made up for both."""
        from dicomferry.engine.trial.two_recipes import contrast
        from dicomferry.reports.trial import contrast_report

        return contrast_report(*contrast(self._candidate(), other._candidate(), files))

    def _job(self) -> Job:
        from dicomferry.engine.session.job import Job

        return Job(self.recipe, self.plugins, self.state, self.show, executor=self.executor)

    def _candidate(self) -> Candidate:
        from dicomferry.engine.trial.two_recipes import Candidate
        from dicomferry.recipe.effective import read_effective

        effective = read_effective(self.path, self.settings, os.environ)
        return Candidate(self.recipe, effective, self.plugins)

    def show(self, what: str, done: int, total: int | None) -> None:
        """Tell `progress` that `done` more of `what` is done."""
        self.progress(what, done, total)

    @contextmanager
    def _ledger(self) -> Iterator[Ledger]:
        """Give the open session's ledger, or open one for reading only."""
        from dicomferry.ledger import Ledger

        if self._session is not None:
            yield self._session.ledger
            return
        with closing(Ledger(self.state, readonly=True)) as ledger:
            yield ledger

    def _steps(self) -> Steps:
        from dicomferry.engine.pipeline.steps import build_steps

        if self._session is not None:
            return self._session.steps
        return build_steps(self.recipe, self.plugins)

    def _labelled_steps(self, ledger: Ledger) -> Steps:
        """Return the steps that call series as the plan in a ledger does."""
        from dicomferry.engine.pipeline.chosen_labels import with_chosen_labels
        from dicomferry.ledger.planning.chosen_labels import labels_in

        if self._session is not None:
            return self._session.steps
        return with_chosen_labels(self._steps(), labels_in(ledger))


def _settings(params: Mapping[str, object]) -> ParamSettings:
    from dicomferry.recipe.settings import ParamSettings

    return ParamSettings.of_objects(params)


def _silent(_what: str, _done: int, _total: int | None) -> None:
    return
