"""What an XNAT holds, as a tree: project, subject, session, scan."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from dicomferry.xnat.filing.sessions import ReceivedSession, SessionStatus


class ScanNode(Struct, frozen=True):
    """One scan; `size` is in bytes."""

    id: str
    modality: str
    instances: int
    size: int


class SessionNode(Struct, frozen=True):
    """One session, where it stands, and why it is stuck there if it is."""

    label: str
    study_instance_uid: str
    status: SessionStatus
    conflict: str | None
    scans: tuple[ScanNode, ...]

    @property
    def instances(self) -> int:
        """Return how many files it has."""
        return sum(scan.instances for scan in self.scans)

    @property
    def size(self) -> int:
        """Return its size in bytes."""
        return sum(scan.size for scan in self.scans)


class SubjectNode(Struct, frozen=True):
    """One subject; `label` None where XNAT was told none."""

    label: str | None
    sessions: tuple[SessionNode, ...]


class ProjectNode(Struct, frozen=True):
    """One project; `id` None is XNAT's Unassigned."""

    id: str | None
    subjects: tuple[SubjectNode, ...]


class Tree(Struct, frozen=True):
    """Everything an XNAT holds."""

    projects: tuple[ProjectNode, ...]

    @property
    def sessions(self) -> tuple[SessionNode, ...]:
        """Return every session."""
        subjects = (subject for project in self.projects for subject in project.subjects)
        return tuple(session for subject in subjects for session in subject.sessions)

    @property
    def instances(self) -> int:
        """Return how many files there are."""
        return sum(session.instances for session in self.sessions)

    @property
    def size(self) -> int:
        """Return the size of all files in bytes."""
        return sum(session.size for session in self.sessions)


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
