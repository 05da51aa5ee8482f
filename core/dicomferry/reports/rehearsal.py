"""What a rehearsal against stand-ins showed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from dicomferry.contract.tree import Tree
from dicomferry.engine.verify import SessionVerdict, Standing
from dicomferry.engine.verify.mismatch import as_forecast
from dicomferry.reports.plan import PlanReport
from dicomferry.reports.run import RunReport
from dicomferry.reports.verify import Explain


class ScanRecord(Struct, frozen=True):
    """One scan of a session that a stand-in holds."""

    id: str
    modality: str
    instances: int


class StandInSession(Struct, frozen=True):
    """One session that a stand-in holds; `conflict` is why it is stuck where it is."""

    project: str | None
    subject: str | None
    session: str
    status: str
    conflict: str | None
    study_instance_uid: str
    scans: tuple[ScanRecord, ...]


class RehearsedSession(Struct, frozen=True):
    """How a session of the plan landed; `explanation` is empty where it is as forecast."""

    server: str
    destination: str
    verdict: Standing
    as_forecast: bool
    message: str
    explanation: tuple[str, ...]


class RehearsalReport(Struct, frozen=True):
    """A rehearsal: what was planned, what was sent, and what the stand-ins made of it.

    `landed_as_forecast` of the `forecast` sessions came out as the plan says.
    """

    plan: PlanReport
    run: RunReport
    xnat: dict[str, tuple[StandInSession, ...]]
    verdicts: tuple[RehearsedSession, ...]
    landed_as_forecast: int
    forecast: int

    @property
    def complete(self) -> bool:
        """Tell whether everything was stored, and every session landed as forecast."""
        return self.run.complete and self.landed_as_forecast == self.forecast


def rehearsal_report(
    plan: PlanReport,
    run: RunReport,
    trees: Mapping[str, Tree],
    verdicts: Sequence[SessionVerdict],
    explain: Explain,
) -> RehearsalReport:
    """Return what a rehearsal showed. It names no manifest, which was deleted with the ledger."""
    told = tuple(
        RehearsedSession(
            server=verdict.server,
            destination=str(verdict.destination),
            verdict=verdict.standing,
            as_forecast=as_forecast(verdict),
            message=verdict.message,
            explanation=tuple(explain(verdict)),
        )
        for verdict in verdicts
    )
    return RehearsalReport(
        plan=plan,
        run=replace(run, manifest=""),
        xnat={name: tuple(_sessions(tree)) for name, tree in trees.items()},
        verdicts=told,
        landed_as_forecast=sum(verdict.as_forecast for verdict in told),
        forecast=len(told),
    )


def _sessions(tree: Tree) -> list[StandInSession]:
    return [
        StandInSession(
            project=project.id,
            subject=subject.label,
            session=session.label,
            status=str(session.status),
            conflict=session.conflict,
            study_instance_uid=session.study_instance_uid,
            scans=tuple(ScanRecord(scan.id, scan.modality, scan.instances)
                        for scan in session.scans),
        )
        for project in tree.projects
        for subject in project.subjects
        for session in subject.sessions
    ]  # fmt: skip
