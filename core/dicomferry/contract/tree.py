"""What an XNAT holds, as a tree: project, subject, session, scan."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class SessionStatus(StrEnum):
    """Where a session stands; in the archive it is `ARCHIVED`.

    These are the states of an XNAT that last, and the one of a build that takes its time. Those of
    moving and archiving are over before a stand-in can be asked.
    """

    RECEIVING = "RECEIVING"
    BUILDING = "BUILDING"
    READY = "READY"
    CONFLICT = "CONFLICT"
    ERROR = "ERROR"
    ARCHIVED = "ARCHIVED"


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
