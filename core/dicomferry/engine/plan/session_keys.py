"""What one session is: to XNAT a label in a project, without one a label of a subject."""

from __future__ import annotations

from collections import defaultdict

from msgspec import Struct

from dicomferry.ledger.planning.alike import ItemGroups
from dicomferry.model import Destination
from dicomferry.xnat.filing.keys import ArchiveKey, archive_key, subject_key


class SessionKey(Struct, frozen=True):
    """What is equal for all that comes into one session; `subject` is empty where it is no part."""

    project: str | None
    label: str
    subject: str = ""


class SessionKeys:
    """Tells which destinations are one session.

    XNAT does not look at the subject. Where no XNAT receives, two subjects may have a session of
    the same label each, unless they are sent under one StudyInstanceUID.
    """

    def __init__(self, items: ItemGroups, *, xnat: bool) -> None:
        self._xnat = xnat
        self._welded = set[ArchiveKey]() if xnat else _welded(items)

    def of(self, destination: Destination) -> SessionKey:
        """Return the session of a destination."""
        key = archive_key(destination)
        if self._xnat or key in self._welded:
            return SessionKey(key.project, key.label)
        return SessionKey(key.project, key.label, subject_key(destination.subject))


def _welded(items: ItemGroups) -> set[ArchiveKey]:
    """Return the sessions that several subjects share under one StudyInstanceUID."""
    subjects: dict[tuple[ArchiveKey, str], set[str]] = defaultdict(set)
    for one in items.studies_of_destinations():
        place = one.destination
        subjects[archive_key(place), one.study_instance_uid].add(subject_key(place.subject))
    return {key for (key, _), found in subjects.items() if len(found) > 1}
