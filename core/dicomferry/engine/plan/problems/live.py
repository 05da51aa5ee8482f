"""What only the XNAT itself can tell: projects that cannot be read, sessions that are there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from msgspec import Struct

from dicomferry.engine.pipeline.servers import Target
from dicomferry.engine.plan.problems.kinds import problem, several
from dicomferry.ledger.planning.alike import ItemGroups
from dicomferry.ledger.reading.plan_view import LedgerView, SessionPlan
from dicomferry.ledger.store import Ledger
from dicomferry.model import Problem
from dicomferry.xnat.filing.scans import session_modality, session_type
from dicomferry.xnat.rest import RestClient
from dicomferry.xnat.rest.client import segment

_COLUMNS: Final = "ID,label,subject_label,xsiType,UID"


class _There(Struct, frozen=True):
    """A session XNAT has under a label of the plan; what it does not tell is empty."""

    subject: str
    kind: str
    study: str


def ask(ledger: Ledger, targets: Sequence[Target]) -> Iterator[Problem]:
    """Ask every receiving XNAT what stands in the plan's way; raises `RestError` where it cannot.

    One question for the projects and one for the sessions of each. Sessions that are wholly
    delivered are left out: they are there because of us.
    """
    view = LedgerView(ledger)
    studies = _studies(ItemGroups.of(ledger, view.scan))
    for target in targets:
        plans = [p for p in view.sessions() if p.stored.get(target.sink, 0) < p.instances]
        with RestClient(target.site) as client:
            readable = {row["ID"] for row in client.rows("/data/projects", accessible="true")}
            projects = sorted({p.destination.project for p in plans if p.destination.project})
            for project in projects:
                if project not in readable:
                    yield problem(
                        "project-not-readable",
                        f"{target.server} shows no project '{project}' to this login",
                    )
                    continue
                there = _there(client, project)
                mine = [plan for plan in plans if plan.destination.project == project]
                yield from _compared(project, mine, there, studies)


def _there(client: RestClient, project: str) -> dict[str, _There]:
    rows = client.rows(f"/data/projects/{segment(project)}/experiments", columns=_COLUMNS)
    return {
        row.get("label", ""): _There(
            row.get("subject_label", ""), row.get("xsiType", ""), row.get("UID", "")
        )
        for row in rows
    }


def _compared(
    project: str,
    plans: Sequence[SessionPlan],
    there: Mapping[str, _There],
    studies: Mapping[tuple[str, str], frozenset[str]],
) -> Iterator[Problem]:
    found: dict[str, list[str]] = {}
    for plan in plans:
        label = plan.destination.session
        if label in there:
            mine = studies.get((project, label), frozenset())
            found.setdefault(_code(plan, there[label], mine), []).append(label)
    for code, labels in found.items():
        yield problem(code, f"in {project} there is already {several(labels)}")


def _code(plan: SessionPlan, there: _There, studies: frozenset[str]) -> str:
    """Compare as XNAT does when it archives (`checkForConflicts`, section 3.3)."""
    if there.subject and there.subject.lower() != (plan.destination.subject or "").lower():
        return "session-exists-for-another-subject"
    if there.kind and there.kind != session_type(session_modality(plan.modalities)):
        return "session-exists-with-another-modality"
    if there.study and studies - {there.study}:
        return "session-exists-with-another-study"
    return "session-exists"


def _studies(items: ItemGroups) -> dict[tuple[str, str], frozenset[str]]:
    found: dict[tuple[str, str], set[str]] = {}
    for project, session, study in items.ready("DISTINCT project, destination.session, study"):
        found.setdefault((project, session), set()).add(study)
    return {place: frozenset(uids) for place, uids in found.items()}
