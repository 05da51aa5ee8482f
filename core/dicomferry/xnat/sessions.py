"""How XNAT groups what it received into sessions, builds them, and archives or refuses them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from dicomferry.dicom.header import Header
from dicomferry.model import AutoArchive, Destination, Forecast, InstanceRef
from dicomferry.xnat.labels import dcm_text
from dicomferry.xnat.scans import (
    file_name,
    merged_scan_id,
    scan_folder,
    scan_ids,
    session_modality,
)

_SERIES_NUMBER = 0x00200011
_MODALITY = 0x00080060
_AUTO_ARCHIVE_CODE = 4
_OVERWRITE_CODE = 5


class Status(StrEnum):
    """Where a session stands; in the archive it is `ARCHIVED`."""

    RECEIVING = "RECEIVING"
    READY = "READY"
    CONFLICT = "CONFLICT"
    ARCHIVED = "ARCHIVED"


@dataclass(frozen=True, slots=True)
class Received:
    """One instance as XNAT took it; `digest` tells contents apart, `size` is in bytes."""

    ref: InstanceRef
    destination: Destination
    auto_archive: AutoArchive
    series_number: str
    modality: str
    file_name: str
    size: int
    digest: str

    @property
    def path(self) -> str:
        """Return where the file is below the session's folder."""
        folder = scan_folder(self.series_number, self.ref.series_instance_uid)
        return f"SCANS/{folder}/DICOM/{self.file_name}"


def received(header: Header, forecast: Forecast, size: int, digest: str) -> Received:
    """Return what XNAT keeps of an instance it identified as forecast."""
    return Received(
        header.ref,
        forecast.destination,
        forecast.auto_archive,
        dcm_text(header, _SERIES_NUMBER) or "",
        dcm_text(header, _MODALITY) or "",
        file_name(header),
        size,
        digest,
    )


@dataclass(slots=True)
class Scan:
    """One series in a session."""

    id: str
    series_instance_uid: str
    modality: str
    files: dict[str, Received] = field(default_factory=dict)


@dataclass(slots=True)
class Session:
    """One session in the prearchive or the archive; `conflict` is XNAT's message, verbatim."""

    destination: Destination
    study_instance_uid: str
    auto_archive: AutoArchive
    status: Status = Status.RECEIVING
    conflict: str | None = None
    scans: dict[str, Scan] = field(default_factory=dict)
    """By SeriesInstanceUID, in order of arrival; IDs are final once the session is built."""

    def add(self, instance: Received) -> None:
        """Take one file in; one of the same name is overwritten."""
        uid = instance.ref.series_instance_uid
        fresh = Scan(instance.series_number, uid, instance.modality)
        self.scans.setdefault(uid, fresh).files[instance.path] = instance
        self.status = Status.RECEIVING

    def build(self) -> None:
        """Give the scans their IDs, as XNAT does when it writes the session's XML."""
        numbers = {
            uid: (next(iter(scan.files.values())).series_number, scan.modality)
            for uid, scan in self.scans.items()
        }
        for uid, scan_id in scan_ids(numbers).items():
            self.scans[uid].id = scan_id
        self.status = Status.READY

    @property
    def modality(self) -> str:
        """Return what stands for the session's data type."""
        return session_modality(scan.modality for scan in self.scans.values())

    @property
    def instances(self) -> Iterator[Received]:
        """Yield every file of every scan."""
        for scan in self.scans.values():
            yield from scan.files.values()


def _conflict(incoming: Session, existing: Session, *, overwrite: bool) -> str | None:
    """Return why XNAT would not merge `incoming` (XNAT's `checkForConflicts`); None if it would."""
    modification = "Invalid modification of session"
    label = existing.destination.session
    subjects = {(session.destination.subject or "").lower() for session in (incoming, existing)}
    if len(subjects) > 1:
        return (
            f"{modification} subject via archive process.: {label} Already Exists for another "
            "Subject"
        )
    if incoming.modality != existing.modality:
        return f"{modification} modality via archive process.  Data may require a manual merge."
    if incoming.study_instance_uid != existing.study_instance_uid:
        return f"{modification} UID via archive process."
    return _scan_conflict(incoming, existing, overwrite=overwrite)


def _scan_conflict(incoming: Session, existing: Session, *, overwrite: bool) -> str | None:
    contents = {item.ref.sop_instance_uid: item.digest for item in existing.instances}
    for uid, scan in incoming.scans.items():
        held = existing.scans.get(uid)
        if held is not None and _number(held) != _number(scan):
            return f"Invalid modification of scan number {held.id} via archive process."
        if held is not None and not overwrite and held.files.keys() & scan.files.keys():
            return "Session already exists with matching files."
        for path, item in scan.files.items():
            replaced = overwrite and held is not None and path in held.files
            known = contents.get(item.ref.sop_instance_uid, item.digest)
            if known != item.digest and not replaced:
                return "Duplicate DCM UID cannot be merged at this time."
    return None


def _number(scan: Scan) -> str:
    return next(iter(scan.files.values())).series_number


class Holdings:
    """What an XNAT holds: its prearchive and its archive.

    `prearchive_code` is the projects' setting: 0 leaves sessions in the prearchive, 4 archives
    them, 5 archives them and overwrites files.
    """

    def __init__(self, prearchive_code: int = _AUTO_ARCHIVE_CODE) -> None:
        self._code = prearchive_code
        self.prearchive: list[Session] = []
        self.archive: dict[tuple[str, str], Session] = {}
        """By project and session label."""

    def receive(self, instance: Received) -> Session:
        """File an instance in the prearchive, in the session of its key.

        The key is project, StudyInstanceUID and label; the subject of the first file is kept.
        """
        key = _key(instance.destination, instance.ref.study_instance_uid)
        for session in self.prearchive:
            if _key(session.destination, session.study_instance_uid) == key:
                break
        else:
            session = Session(
                instance.destination, instance.ref.study_instance_uid, instance.auto_archive
            )
            self.prearchive.append(session)
        session.add(instance)
        return session

    def build(self) -> None:
        """Let the quiet period pass: build what was received, and archive what is to be."""
        for session in list(self.prearchive):
            if session.status is Status.RECEIVING:
                session.build()
                if self._archives_itself(session):
                    self._archive(session)

    def sessions(self) -> tuple[Session, ...]:
        """Return every session, the archived ones first."""
        return (*self.archive.values(), *self.prearchive)

    def _archives_itself(self, session: Session) -> bool:
        """Say whether a session is archived unasked.

        `AA:false` does not keep it from a project that archives by itself: XNAT's
        `PrearcSession.isAutoArchive` looks at the project whenever the session does not say yes.
        """
        if session.destination.project is None:
            return False
        return session.auto_archive is AutoArchive.AUTO or self._code >= _AUTO_ARCHIVE_CODE

    def _archive(self, session: Session) -> None:
        overwrite = self._code >= _OVERWRITE_CODE
        destination = session.destination
        place = (destination.project or "", destination.session)
        existing = self.archive.get(place)
        if existing is not None:
            session.conflict = _conflict(session, existing, overwrite=overwrite)
            if session.conflict is not None:
                session.status = Status.CONFLICT
                return
        self.prearchive.remove(session)
        session.status = Status.ARCHIVED
        if existing is None:
            self.archive[place] = session
        else:
            _merge(session, existing)


def _key(destination: Destination, study_instance_uid: str) -> tuple[str | None, str, str]:
    return destination.project, study_instance_uid, destination.session


def _merge(incoming: Session, existing: Session) -> None:
    modality = existing.modality[:2]
    taken = {scan.id for scan in existing.scans.values()}
    for uid, scan in incoming.scans.items():
        if held := existing.scans.get(uid):
            held.files.update(scan.files)
            continue
        scan.id = merged_scan_id(scan.id, modality, taken)
        taken.add(scan.id)
        existing.scans[uid] = scan
