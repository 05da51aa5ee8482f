"""What XNAT holds of a plan, session by session."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from msgspec import Struct

from dicomferry.engine.verify import Findings, HoldingPlace, Sameness, SessionVerdict, Standing
from dicomferry.model import Destination

Explain = Callable[[SessionVerdict], Iterable[str]]
"""Gives the rules that made the difference between a session and its forecast."""


class MissingRecord(Struct, frozen=True):
    """One instance that XNAT does not hold; `sent` when XNAT had said that it has it."""

    sop_instance_uid: str
    sent: bool


class PlaceRecord(Struct, frozen=True):
    """One place in XNAT that holds some of a session; `state` is ARCHIVED or the prearchive's."""

    project: str | None
    subject: str | None
    session: str
    state: str

    @property
    def destination(self) -> Destination:
        """Return project, subject and session as one."""
        return Destination(self.project, self.subject, self.session)


class VerifiedSession(Struct, frozen=True):
    """How one session of the plan stands at one XNAT, and what mends it.

    `planned` and `held` count instances, `foreign` names what else is in the session, and `where`
    are the places that hold it beside the forecast one. `explanation` has the rules that made the
    difference to the forecast, empty where there is none.
    """

    server: str
    project: str | None
    subject: str | None
    session: str
    verdict: Standing
    planned: int
    held: int
    foreign: tuple[str, ...]
    missing: tuple[MissingRecord, ...]
    where: tuple[PlaceRecord, ...]
    message: str
    mend: str
    explanation: tuple[str, ...]

    @property
    def destination(self) -> Destination:
        """Return project, subject and session as one."""
        return Destination(self.project, self.subject, self.session)


class ContentRecord(Struct, frozen=True):
    """One instance that was read back; `detail` names attributes, never their values."""

    sameness: Sameness
    sop_instance_uid: str
    detail: str


class VerifyReport(Struct, frozen=True):
    """What XNAT holds.

    `landed` when every session is in the archive where it was forecast, and what was read back is
    the same. `due_again` instances are sent again by the next run.
    """

    landed: bool
    sessions: tuple[VerifiedSession, ...]
    content: tuple[ContentRecord, ...]
    due_again: int = 0


def verify_report(findings: Findings, explain: Explain, due_again: int = 0) -> VerifyReport:
    """Return what was found out as a report."""
    return VerifyReport(
        landed=findings.landed,
        sessions=tuple(_session(verdict, explain) for verdict in findings.verdicts),
        content=tuple(
            ContentRecord(one.sameness, one.sop_instance_uid, one.detail)
            for one in findings.compared
        ),
        due_again=due_again,
    )


def _session(verdict: SessionVerdict, explain: Explain) -> VerifiedSession:
    place = verdict.destination
    return VerifiedSession(
        server=verdict.server,
        project=place.project,
        subject=place.subject,
        session=place.session,
        verdict=verdict.standing,
        planned=verdict.planned,
        held=len(verdict.held),
        foreign=verdict.foreign,
        missing=tuple(MissingRecord(one.sop_instance_uid, one.stored) for one in verdict.missing),
        where=tuple(map(_place, verdict.where)),
        message=verdict.message,
        mend=verdict.mend,
        explanation=tuple(explain(verdict)),
    )


def _place(place: HoldingPlace) -> PlaceRecord:
    found = place.destination
    return PlaceRecord(found.project, found.subject, found.session, place.status or "ARCHIVED")
