"""What an XNAT holds: receipt into the prearchive, build, archive, move and delete."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import chain, count

from msgspec.structs import replace

from dicomferry.contract import SessionStatus
from dicomferry.xnat import (
    ArchiveKey,
    AutoArchive,
    Conflict,
    Merge,
    archive_key,
    lacks_subject,
    merged_scan_ids,
    prearchive_key,
    subject_key,
)
from dicomferry_plugins._stand_in.site.archiving import (
    AUTO_ARCHIVE_CODE,
    archives_itself,
    overwrites_files,
)
from dicomferry_plugins._stand_in.site.prearchive import Prearchive
from dicomferry_plugins._stand_in.site.sessions import Received, ReceivedSession, merge_conflict


class Holdings:
    """An XNAT's prearchive and archive. Used under its owner's lock.

    `prearchive_code` is the projects' setting: 0 leaves sessions in the prearchive, 4 archives
    them, 5 archives them and overwrites files. `conflict_at` makes the Nth session that archives
    itself a conflict, as if it were there already. `archived` is told of what has come into the
    archive.
    """

    def __init__(
        self,
        prearchive_code: int = AUTO_ARCHIVE_CODE,
        *,
        conflict_at: int = 0,
        archived: Callable[[ReceivedSession], None] = lambda _session: None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._code = prearchive_code
        self._conflict_at = conflict_at
        self._archived = archived
        self._clock = clock
        self._archivings = 0
        self._unbuilt: dict[int, ReceivedSession] = {}
        self._stores: set[tuple[str | None, str]] = set()
        self.most_outstanding = 0
        """The most sessions that were received or built at the same time."""
        self.prearchive = Prearchive()
        self.archive: dict[ArchiveKey, ReceivedSession] = {}
        self.experiments: dict[str, ReceivedSession] = {}
        """The archive's sessions by XNAT's accession number."""
        self.subjects: dict[tuple[str, str], tuple[str, str]] = {}
        """By project and `subject_key`: XNAT's accession number and the label as made."""
        self.projects: dict[str, None] = {}
        """The projects that had a session."""

    def receive(self, instance: Received) -> ReceivedSession:
        """File an instance in the prearchive, in the session of its key."""
        session = self.place(instance)
        self.add(session, instance)
        return session

    def add(self, session: ReceivedSession, instance: Received) -> None:
        """Take a file into its session, which is no longer quiet."""
        session.add(instance)
        session.touched = self._clock()
        self._unbuilt[id(session)] = session

    def place(self, instance: Received) -> ReceivedSession:
        """Return the prearchive session an instance belongs to; a new one where there is none."""
        destination, study = instance.destination, instance.ref.study_instance_uid
        there = self.prearchive.of_key(prearchive_key(destination, study))
        return there or self.open(ReceivedSession(destination, study, instance.auto_archive))

    def open(self, session: ReceivedSession) -> ReceivedSession:
        """Give a new session its row and folder in the prearchive."""
        session.uploaded = session.touched = self._clock()
        project, label = session.destination.project, session.destination.session
        stamp = session.timestamp or _timestamp(session.uploaded)
        names = chain((stamp,), (f"{stamp}_{number}" for number in count(1)))
        session.timestamp = next(name for name in names if self.prearchive.at(name) is None)
        there = (project, label) in self._stores
        session.store = f"{label}.{session.timestamp}" if there else label
        self._stores.add((project, session.store))
        if project:
            self.projects[project] = None
        self.prearchive.add(session)
        self._unbuilt[id(session)] = session
        self.most_outstanding = max(self.most_outstanding, len(self._unbuilt))
        return session

    def remove(self, session: ReceivedSession) -> None:
        """Delete a session of the prearchive."""
        self.prearchive.remove(session)
        self._unbuilt.pop(id(session), None)
        self._stores.discard((session.destination.project, session.store))

    def find(self, project: str | None, timestamp: str, folder: str) -> ReceivedSession | None:
        """Return the prearchive session in a folder."""
        session = self.prearchive.at(timestamp)
        place = session.destination if session else None
        return session if place and (place.project, place.session) == (project, folder) else None

    def quiet(self, idle: float = 0.0) -> list[ReceivedSession]:
        """Return the sessions that received nothing for `idle` seconds and are to be built."""
        before = self._clock() - idle
        return [
            session
            for session in self._unbuilt.values()
            if session.status is SessionStatus.RECEIVING
            and not session.uncommitted
            and not session.writing
            and session.touched <= before
        ]

    def build(self, idle: float = 0.0) -> list[ReceivedSession]:
        """Build what was quiet for `idle` seconds; return what was archived."""
        return [session for session in self.quiet(idle) if self.commit(session)]

    def commit(self, session: ReceivedSession) -> bool:
        """Build one session and archive it if it is to be; tell whether it left the prearchive."""
        session.uncommitted = False
        self._unbuilt.pop(id(session), None)
        session.build()
        if session.status is not SessionStatus.READY or not archives_itself(
            session.destination, session.auto_archive, self._code
        ):
            return False
        self._archivings += 1
        if self._archivings == self._conflict_at:
            session.status, session.conflict = SessionStatus.CONFLICT, Conflict.EXISTS.words()
            return False
        return self.move_to_archive(session, Merge(overwrite=overwrites_files(self._code)))

    def move_to_archive(self, session: ReceivedSession, merge: Merge) -> bool:
        """Archive one session, merged into what is there; False where that is a conflict."""
        if lacks_subject(session.destination):
            session.status, session.conflict = SessionStatus.ERROR, Conflict.NO_SUBJECT.words()
            return False
        place = archive_key(session.destination)
        existing = self.archive.get(place)
        if existing is not None:
            session.conflict = merge_conflict(session, existing, merge)
            if session.conflict is not None:
                session.status = SessionStatus.CONFLICT
                return False
        self.prearchive.remove(session)
        self._unbuilt.pop(id(session), None)
        session.status, session.conflict = SessionStatus.ARCHIVED, None
        self._archived(session)
        if existing is None:
            self._enter(place, session)
        elif merge.override:
            session.experiment_id = existing.experiment_id
            self._enter(place, session)
        else:
            _merge(session, existing)
        return True

    def move(self, session: ReceivedSession, project: str) -> None:
        """Give a prearchive session another project."""
        self.prearchive.move(session, project)
        self.projects[project] = None
        if session.auto_archive is AutoArchive.NEVER:
            session.auto_archive = AutoArchive.PROJECT_DEFAULT
        session.status, session.conflict = SessionStatus.READY, None

    def sessions(self) -> tuple[ReceivedSession, ...]:
        """Return every session, the archived ones first."""
        return (*self.archive.values(), *self.prearchive)

    def _enter(self, place: ArchiveKey, session: ReceivedSession) -> None:
        """Put a session into the archive, under a subject that is there in whatever case."""
        project, label = place.project or "", session.destination.subject or ""
        fresh = (f"XNAT_S{len(self.subjects) + 1:05}", label)
        _, known = self.subjects.setdefault((project, subject_key(label)), fresh)
        session.destination = replace(session.destination, subject=known)
        session.experiment_id = session.experiment_id or f"XNAT_E{len(self.archive) + 1:05}"
        self.archive[place] = self.experiments[session.experiment_id] = session


def _timestamp(seconds: float) -> str:
    """Return a moment as XNAT names prearchive folders: `yyyyMMdd_HHmmssSSS`."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y%m%d_%H%M%S%f")[:-3]


def _merge(incoming: ReceivedSession, existing: ReceivedSession) -> None:
    modalities = {uid: scan.modality for uid, scan in incoming.scans.items()}
    ids = merged_scan_ids(incoming.ids, modalities, existing.ids)
    for uid, scan in incoming.scans.items():
        if held := existing.scans.get(uid):
            held.files.update(scan.files)
            continue
        scan.id = ids[uid]
        existing.scans[uid] = scan
