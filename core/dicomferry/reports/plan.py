"""A plan: the sessions XNAT will hold, what is held back, and the problems."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct
from msgspec.structs import astuple

from dicomferry.dicom.patient import persons
from dicomferry.engine.pipeline.foreseen import LEFT_OUT, REFUSED, beginning
from dicomferry.engine.pipeline.steps import SinkStep
from dicomferry.engine.plan.audit import AuditRow, audit_rows
from dicomferry.engine.plan.planned import Planned
from dicomferry.engine.session.session import Session
from dicomferry.errors import FerryError
from dicomferry.ledger.reading.passed_kinds import PassedKind
from dicomferry.ledger.reading.sessions import SessionPlan, VerdictTally
from dicomferry.ledger.rows import UNSETTLED, Verdict
from dicomferry.private import write_private
from dicomferry.reports.problem import ProblemRecord, problem_records
from dicomferry.spreadsheet import neutral


class HeldRecord(Struct, frozen=True):
    """One item that the plan sends nowhere, and why."""

    location: str
    verdict: Verdict
    code: str
    reason: str
    sop_instance_uid: str


class AuditRecord(Struct, frozen=True):
    """One subject, and whose images it gets; no patient of the source is named.

    `patients` counts them: several are one person where that can be told. `folders` are where
    their files were found. `findings` are codes of problems.
    """

    project: str
    subject: str
    patients: int
    sessions: tuple[str, ...]
    studies: int
    instances: int
    folders: tuple[str, ...]
    findings: tuple[str, ...]


class RemoteRecord(Struct, frozen=True):
    """How many planned instances are still on a server, and the hours in which it may be asked."""

    server: str
    instances: int
    hours: Mapping[str, str]


AUDIT_HEADERS: Final = (
    "project", "subject", "PatientID", "IssuerOfPatientID", "PatientName", "PatientBirthDate",
    "PatientSex", "sessions", "studies", "instances", "folders", "findings",
)  # fmt: skip


def _audit_cells(row: AuditRow) -> tuple[str, ...]:
    return (
        row.project, row.subject, *astuple(row.patient), "; ".join(row.sessions), str(row.studies),
        str(row.instances), "; ".join(row.folders), "; ".join(row.findings),
    )  # fmt: skip


def _audit_record(project: str, subject: str, rows: list[AuditRow]) -> AuditRecord:
    def all_of(name: str) -> tuple[str, ...]:
        return tuple(sorted({text for row in rows for text in getattr(row, name)}))

    return AuditRecord(
        project, subject, len(persons(row.patient for row in rows)), all_of("sessions"),
        sum(row.studies for row in rows), sum(row.instances for row in rows), all_of("folders"),
        all_of("findings"),
    )  # fmt: skip


def _write(path: Path, text: str) -> None:
    """Write what names patients: only its owner may read it."""
    try:
        write_private(path, text, errors="backslashreplace")
    except OSError as error:
        raise FerryError(f"{path}: cannot be written: {error.strerror}") from None


class SinkForecast(Struct, frozen=True):
    """How many instances a sink is yet to get, by what will become of them there.

    `left_out` are those for which its `when:` does not hold, `refused` those it will reject.
    """

    to_bring: int
    left_out: int
    refused: int


class PlanReport(Struct, frozen=True):
    """The whole of a plan; `sinks` has the number of instances by delivery state, by step id.

    `sinks_take` has what of them each sink will take. `not_dicom` sums up what is passed as not
    DICOM by the ends of the names.
    """

    sessions: tuple[SessionPlan, ...]
    counts: tuple[VerdictTally, ...]
    held: tuple[HeldRecord, ...]
    problems: tuple[ProblemRecord, ...]
    sinks: dict[str, dict[str, int]]
    not_dicom: tuple[PassedKind, ...]
    audit: tuple[AuditRecord, ...] = ()
    sinks_take: dict[str, SinkForecast] = {}


class Plan:
    """A plan, read from the ledger; it can be read as long as its `Ferry` is open."""

    def __init__(self, planned: Planned, session: Session) -> None:
        self.planned = planned
        self._view = planned.view
        self._session = session

    @property
    def problems(self) -> tuple[ProblemRecord, ...]:
        """Return every problem, errors first."""
        return problem_records(self.planned.problems)

    @property
    def errors(self) -> tuple[ProblemRecord, ...]:
        """Return the problems that stop a run."""
        return problem_records(self.planned.errors)

    @property
    def for_xnat(self) -> bool:
        """Tell whether an XNAT receives anything."""
        return any(sink_step.sink.server for sink_step in self._session.steps.sinks)

    @property
    def unsettled(self) -> int:
        """Return how many items are held back, not looked into, or will be rejected by a sink."""
        return sum(map(self.planned.count, UNSETTLED)) + self.planned.refused

    def sessions(self) -> list[SessionPlan]:
        """Return every session, sorted by project, subject and session."""
        return self._view.sessions()

    def counts(self) -> list[VerdictTally]:
        """Return how many items there are of each verdict and reason code."""
        return self._view.tallies()

    def held(self) -> Iterator[HeldRecord]:
        """Yield every item that is sent nowhere."""
        for item in self._view.items(held=True):
            yield HeldRecord(
                str(item.location), item.verdict, item.code, item.reason, item.sop_instance_uid
            )

    def passed_kinds(self) -> list[PassedKind]:
        """Return what is passed as not DICOM, by the ends of the names, the most frequent first."""
        return self._view.passed_kinds()

    def sinks(self) -> dict[str, dict[str, int]]:
        """Return the number of instances by delivery state for each sink, as of now."""
        sinks = self._session.steps.sinks
        return {sink_step.id: self._view.delivered(sink_step.key) for sink_step in sinks}

    def sinks_take(self) -> dict[str, SinkForecast]:
        """Return what each sink will take, leave out and reject of what it does not have."""
        return {step.id: self._forecast_of(step) for step in self._session.steps.sinks}

    def _forecast_of(self, step: SinkStep) -> SinkForecast:
        states = self._view.delivered(step.key)
        left_out, refused = (
            self._view.noted(step.key, beginning(kind, step.id)) for kind in (LEFT_OUT, REFUSED)
        )
        missing = sum(states.values()) - states.get("stored", 0)
        return SinkForecast(missing - left_out - refused, left_out, refused)

    def remote(self) -> list[RemoteRecord]:
        """Return for each server how many instances are known by its answers alone."""
        return [
            RemoteRecord(name, instances, self._session.manners(fetcher, name).hours)
            for (fetcher, name), instances in self._view.remote().items()
        ]

    def report(self) -> PlanReport:
        """Return the whole plan as a value."""
        return PlanReport(
            tuple(self.sessions()), tuple(self.counts()), tuple(self.held()), self.problems,
            self.sinks(), tuple(self.passed_kinds()), tuple(self.audit()),
            self.sinks_take(),
        )  # fmt: skip

    def audit(self) -> list[AuditRecord]:
        """Return every subject and whose images it gets, sorted by project and subject."""
        rows = self._audit_rows()
        return [
            _audit_record(project, subject, list(group))
            for (project, subject), group in groupby(rows, key=lambda r: (r.project, r.subject))
        ]

    def _audit_rows(self) -> list[AuditRow]:
        sinks = [sink_step.key for sink_step in self._session.steps.sinks]
        return audit_rows(self._view.groups(), xnat=self._session.to_xnat, sinks=sinks)

    def save_audit(self, path: Path) -> None:
        """Save the patients of the source beside the subjects they become, as CSV.

        It names patients, so only its owner may read it. Raises `FerryError` where it cannot be
        written.
        """
        table = io.StringIO()
        writer = csv.writer(table)
        writer.writerow(AUDIT_HEADERS)
        for row in self._audit_rows():
            writer.writerow(map(neutral, _audit_cells(row)))
        _write(path, table.getvalue())

    def save(self, path: Path) -> None:
        """Save the plan: its series to choose from for `.csv`, everything for `.json`.

        Raises `FerryError` for another ending, and where the file cannot be written.
        """
        match path.suffix.lower():
            case ".json":
                plain = msgspec.to_builtins(self.report())
                text = json.dumps(plain, indent=2, ensure_ascii=False) + "\n"
            case ".csv":
                text = self._spreadsheet()
            case other:
                raise FerryError(
                    f"{path}: a plan is saved as .json or .csv, not '{other}'",
                    hint="name it plan.csv",
                )
        _write(path, text)

    def _spreadsheet(self) -> str:
        from dicomferry.engine.plan.choosing import table_rows

        table = io.StringIO()
        csv.writer(table).writerows(table_rows(self._view))
        return table.getvalue()
