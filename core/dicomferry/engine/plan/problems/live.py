"""What only the XNAT itself can tell: projects that cannot be read, sessions that are there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from dicomferry.engine.pipeline.servers import Target
from dicomferry.engine.plan.problems.kinds import problem, several
from dicomferry.engine.plan.problems.sessions import sessions_of
from dicomferry.ledger.reading.plan_reader import PlanReader
from dicomferry.ledger.reading.sessions import SessionPlan
from dicomferry.ledger.store import Ledger
from dicomferry.model import Problem
from dicomferry.xnat.filing.conflicts import Conflict, SessionFacts, session_conflict
from dicomferry.xnat.filing.keys import ArchiveKey, GatheredSession, archive_key
from dicomferry.xnat.filing.scans import session_modality, session_type
from dicomferry.xnat.rest import RestClient
from dicomferry.xnat.rest.client import Row, segment

_COLUMNS: Final = "ID,label,subject_label,xsiType,UID"
_CODES: Final = {
    None: "session-exists",
    Conflict.SUBJECT: "session-exists-for-another-subject",
    Conflict.MODALITY: "session-exists-with-another-modality",
    Conflict.STUDY: "session-exists-with-another-study",
}


def ask(ledger: Ledger, targets: Sequence[Target]) -> Iterator[Problem]:
    """Ask every receiving XNAT what stands in the plan's way; raises `RestError` where it cannot.

    One question for the projects and one for the sessions of each. Sessions that are wholly
    delivered are left out: they are there because of us.
    """
    plan = PlanReader.last(ledger)
    gathered = sessions_of(plan.groups())
    for target in targets:
        plans = [p for p in plan.sessions() if p.stored.get(target.sink, 0) < p.instances]
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
                yield from _compared(project, mine, there, gathered)


def _there(client: RestClient, project: str) -> dict[str, SessionFacts]:
    """Return the sessions of a project by label; what XNAT does not tell of one is not known."""
    rows = client.rows(f"/data/projects/{segment(project)}/experiments", columns=_COLUMNS)
    return {row.get("label", ""): _facts(row) for row in rows}


def _facts(row: Row) -> SessionFacts:
    study = row.get("UID", "")
    return SessionFacts(
        row.get("subject_label", "") or None,
        row.get("xsiType", "") or None,
        frozenset({study}) if study else None,
    )


def _compared(
    project: str,
    plans: Sequence[SessionPlan],
    there: Mapping[str, SessionFacts],
    sessions: Mapping[ArchiveKey, GatheredSession],
) -> Iterator[Problem]:
    found: dict[str, list[str]] = {}
    for plan in plans:
        label = plan.destination.session
        if label in there:
            mine = SessionFacts(
                plan.destination.subject or "",
                session_type(session_modality(plan.modalities)),
                sessions[archive_key(plan.destination)].study_instance_uids,
            )
            code = _CODES[session_conflict(mine, there[label])]
            found.setdefault(code, []).append(label)
    for code, labels in found.items():
        yield problem(code, f"in {project} there is already {several(labels)}")
