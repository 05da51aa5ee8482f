"""What tells sessions apart: in the prearchive, in the archive, and to whom they belong."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct, field

from dicomferry.model import Destination


class PrearchiveKey(Struct, frozen=True):
    """The key of a session that is being received.

    The subject is no part of it: the session keeps the subject of its first instance
    (`PrearcDatabase.eitherGetOrCreateSession`).
    """

    project: str | None
    study_instance_uid: str
    label: str


class ArchiveKey(Struct, frozen=True):
    """The key of an archived session; XNAT merges sessions with equal keys."""

    project: str | None
    label: str


def prearchive_key(destination: Destination, study_instance_uid: str) -> PrearchiveKey:
    """Return which session of the prearchive takes an instance of a study."""
    return PrearchiveKey(destination.project, study_instance_uid, destination.session)


def archive_key(destination: Destination) -> ArchiveKey:
    """Return which session of the archive a destination is."""
    return ArchiveKey(destination.project, destination.session)


def subject_key(label: str | None) -> str:
    """Return what XNAT compares of subject labels: it ignores case."""
    return (label or "").lower()


class GatheredSession(Struct, frozen=True):
    """What is to come together under one `ArchiveKey`.

    `parts` are the prearchive sessions that XNAT makes of it; one of them is archived first.
    """

    subjects: set[str | None] = field(default_factory=set)
    parts: set[PrearchiveKey] = field(default_factory=set)

    @property
    def study_instance_uids(self) -> frozenset[str]:
        """Return the StudyInstanceUIDs of its parts."""
        return frozenset(part.study_instance_uid for part in self.parts)


def gathered(filings: Iterable[tuple[Destination, str]]) -> dict[ArchiveKey, GatheredSession]:
    """Gather pairs of destination and StudyInstanceUID into the sessions that they come to."""
    sessions: dict[ArchiveKey, GatheredSession] = {}
    for destination, study in filings:
        session = sessions.setdefault(archive_key(destination), GatheredSession())
        session.subjects.add(destination.subject)
        session.parts.add(prearchive_key(destination, study))
    return sessions
