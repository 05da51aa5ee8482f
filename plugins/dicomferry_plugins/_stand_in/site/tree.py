"""What the stand-in holds, as a tree: project, subject, session, scan."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dicomferry.contract import ProjectNode, ScanNode, SessionNode, SubjectNode, Tree
from dicomferry_plugins._stand_in.site.sessions import ReceivedSession


def _session_node(session: ReceivedSession) -> SessionNode:
    scans = (
        ScanNode(
            scan.id or scan.series_instance_uid,
            scan.modality,
            len(scan.files),
            sum(item.size for item in scan.files.values()),
        )
        for scan in session.scans.values()
    )
    return SessionNode(
        session.destination.session,
        session.study_instance_uid,
        session.status,
        session.conflict,
        tuple(sorted(scans, key=lambda scan: _natural(scan.id))),
    )


def _natural(scan_id: str) -> tuple[int, str]:
    """Sort scans as people count: 2 before 10, numbers before names."""
    number = scan_id.split("-")[0]
    return (int(number) if number.isdecimal() else 2**63, scan_id)


def tree_of(sessions: Iterable[ReceivedSession]) -> Tree:
    """Arrange sessions by project and subject, sorted; Unassigned comes last."""
    projects: dict[str | None, dict[str | None, list[SessionNode]]] = {}
    for session in sessions:
        subjects = projects.setdefault(session.destination.project, {})
        subjects.setdefault(session.destination.subject, []).append(_session_node(session))
    return Tree(
        tuple(
            ProjectNode(project, tuple(_subject_nodes(projects[project])))
            for project in sorted(projects, key=lambda name: (name is None, name or ""))
        )
    )


def _subject_nodes(subjects: dict[str | None, list[SessionNode]]) -> Iterator[SubjectNode]:
    for label in sorted(subjects, key=lambda name: (name is None, name or "")):
        ordered = sorted(subjects[label], key=lambda node: (node.label, node.study_instance_uid))
        yield SubjectNode(label, tuple(ordered))
