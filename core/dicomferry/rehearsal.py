"""A recipe run against stand-ins of its XNATs; `Ferry.rehearsal` makes one."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from dicomferry.engine.rehearse.stand_ins import StandIns, open_stand_ins
from dicomferry.engine.retrieve.courtesy import Courtesy
from dicomferry.engine.session.job import Job
from dicomferry.engine.session.questions import questions, save_mismatches
from dicomferry.engine.session.session import Session, open_session
from dicomferry.engine.verify.mismatch import MismatchExplainer
from dicomferry.reports.plan import Plan
from dicomferry.reports.rehearsal import RehearsalReport, rehearsal_report
from dicomferry.reports.run import run_report

if TYPE_CHECKING:
    from dicomferry.contract.stand_in import Faults
    from dicomferry.contract.tree import Tree


class Rehearsal:
    """A recipe whose XNATs are stand-ins on this machine, with a ledger of its own.

    `holdings` is what each stand-in holds, by the name of the server, once `run` has ended.
    """

    def __init__(self, job: Job, named: str, stand_ins: StandIns, session: Session) -> None:
        self._job = job
        self._named = named
        self._stand_ins = stand_ins
        self._session = session
        self._courtesy: Courtesy | None = None
        self.holdings: dict[str, Tree] = {}

    @property
    def has_sinks(self) -> bool:
        """Tell whether any sink of the recipe delivers to an XNAT; others are left out."""
        return bool(self._session.steps.sinks)

    def plan(self, courtesy: Courtesy | None = None) -> Plan:
        """Plan the recipe anew, as if nothing had been stored yet.

        `courtesy` has the limits for requests to a PACS, here and while the plan is run.
        """
        self._courtesy = courtesy
        return Plan(self._session.plan(courtesy=courtesy), self._session)

    def run(self, plan: Plan, *, save_vectors: Path | None = None) -> RehearsalReport:
        """Send the plan to the stand-ins, let them build sessions, and ask what they hold.

        With `save_vectors`, what did not land as forecast is saved there as test vectors.
        """
        session, job = self._session, self._job
        asking = questions(job.recipe, job.plugins, session.steps, self._named, job.progress)
        result = session.run(plan.planned, None, self._courtesy)
        processes = self._stand_ins.processes
        self.holdings = {name: process.build() for name, process in processes.items()}
        findings = asking.after(session.steps, session.ledger, 0)
        if save_vectors is not None:
            save_mismatches(findings, session.ledger, save_vectors)
        explain = MismatchExplainer(plan.planned.view, plan.planned.problems).rules
        return rehearsal_report(
            plan.report(), run_report(result), self.holdings, findings.verdicts, explain
        )

    def stop(self) -> None:
        """End what goes on after the instances under way, as `Ferry.stop` does."""
        self._session.stop()


@contextmanager
def open_rehearsal(
    job: Job, named: str, keep: Path | None, faults: Faults | None
) -> Iterator[Rehearsal]:
    """Start the stand-ins for a job's recipe, and open a ledger that is gone afterwards.

    `named` is the recipe on the command line. `keep` is a folder for what the stand-ins receive;
    `faults` are what they do on purpose.
    """
    with (
        tempfile.TemporaryDirectory(prefix="dicomferry-rehearsal-") as scratch,
        open_stand_ins(job.recipe, job.plugins, keep, faults) as stand_ins,
    ):
        pointed = replace(job, recipe=stand_ins.recipe, state=Path(scratch), rehearsal=True)
        with open_session(pointed) as session:
            yield Rehearsal(pointed, named, stand_ins, session)
