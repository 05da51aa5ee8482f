"""What XNAT makes of what it received: instances, scans, sessions, and where a session stands."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct, field
from msgspec.structs import replace

from dicomferry import Destination, Header, InstanceRef, Location
from dicomferry.contract import SessionStatus
from dicomferry.dicom import open_instance
from dicomferry.xnat import (
    AutoArchive,
    Conflict,
    Forecast,
    Generation,
    Merge,
    PrearchiveKey,
    SessionFacts,
    prearchive_key,
    reader_of,
    scan_ids,
    session_conflict,
    session_modality,
)
from dicomferry_plugins._stand_in.site.content import Content, digest_of
from dicomferry_plugins._stand_in.site.files import file_name, scan_folder
from dicomferry_plugins._stand_in.site.scan_conflict import FileFacts, ScanFacts, scan_conflict

_SERIES_NUMBER = 0x00200011
_MODALITY = 0x00080060
_SERIES_DESCRIPTION = 0x0008103E
_STUDY_DATE = 0x00080020


class Received(Struct, frozen=True):
    """One instance as XNAT took it; `digest` tells contents apart, `size` is in bytes.

    `folder` is its scan's below `SCANS/`; `file` is where its bytes are below the storage folder,
    empty when none are kept.
    """

    ref: InstanceRef
    destination: Destination
    auto_archive: AutoArchive
    series_number: str
    modality: str
    folder: str
    file_name: str
    size: int
    digest: str
    file: str = ""
    series_description: str = ""
    study_date: str = ""

    @property
    def path(self) -> str:
        """Return where the file is below the session's folder."""
        return f"SCANS/{self.folder}/DICOM/{self.file_name}"


def received(
    header: Header, forecast: Forecast, size: int, digest: str, generation: Generation
) -> Received:
    """Return what an XNAT of a generation keeps of an instance it identified as forecast."""
    reader = reader_of(generation)
    number = reader.text(header, _SERIES_NUMBER) or ""
    return Received(
        header.ref,
        forecast.destination,
        forecast.auto_archive,
        number,
        reader.text(header, _MODALITY) or "",
        scan_folder(number, header.ref.series_instance_uid, generation),
        file_name(header, reader),
        size,
        digest,
        series_description=reader.text(header, _SERIES_DESCRIPTION) or "",
        study_date=reader.text(header, _STUDY_DATE) or "",
    )


def reread(instance: Received, file: Content, generation: Generation) -> Received:
    """Return an instance as XNAT reads it from a file that its scripts have changed.

    It stays where it is filed: XNAT names folder and file before its scripts run.
    """
    with open_instance(file.open(), Location("stored")) as opened:
        header, reader = opened.header, reader_of(generation)
        return replace(
            instance,
            ref=header.ref,
            series_number=reader.text(header, _SERIES_NUMBER) or "",
            modality=reader.text(header, _MODALITY) or "",
            series_description=reader.text(header, _SERIES_DESCRIPTION) or "",
            study_date=reader.text(header, _STUDY_DATE) or "",
            digest=digest_of(file),
        )


class Scan(Struct):
    """One series in a session."""

    id: str
    series_instance_uid: str
    modality: str
    files: dict[str, Received] = field(default_factory=dict)

    @property
    def number(self) -> str:
        """Return its SeriesNumber."""
        return next(iter(self.files.values())).series_number

    @property
    def facts(self) -> ScanFacts:
        """Return what XNAT compares of it."""
        files = {
            path: FileFacts(file.ref.sop_instance_uid, file.digest)
            for path, file in self.files.items()
        }
        return ScanFacts(self.id, files)


class ReceivedSession(Struct):
    """One session in the prearchive or the archive; `conflict` is XNAT's message, verbatim.

    `timestamp` is the prearchive's folder, `touched` when the last object came, in seconds since
    the epoch; `experiment_id` is XNAT's accession number once it is archived. `uncommitted`
    sessions wait for a commit: XNAT's rebuilder leaves them alone.
    """

    destination: Destination
    study_instance_uid: str
    auto_archive: AutoArchive
    status: SessionStatus = SessionStatus.RECEIVING
    conflict: str | None = None
    scans: dict[str, Scan] = field(default_factory=dict)
    """By SeriesInstanceUID, in order of arrival; IDs are final once the session is built."""
    timestamp: str = ""
    uploaded: float = 0.0
    touched: float = 0.0
    store: str = ""
    """The folder of its files below the storage folder and the project."""
    experiment_id: str = ""
    uncommitted: bool = False
    writing: int = 0
    """How many files are being written into it: nothing is built meanwhile."""

    def add(self, instance: Received) -> None:
        """Take one file in; one of the same name is overwritten."""
        uid = instance.ref.series_instance_uid
        fresh = Scan(instance.series_number, uid, instance.modality)
        self.scans.setdefault(uid, fresh).files[instance.path] = instance
        self.status = SessionStatus.RECEIVING
        self.conflict = None

    def build(self) -> None:
        """Give the scans their IDs, as XNAT does when it writes the session's XML.

        Its builder throws at a folder that has not exactly one StudyInstanceUID.
        """
        studies = {item.ref.study_instance_uid for item in self.instances}
        if len(studies - {""}) != 1:
            self.status, self.conflict = SessionStatus.ERROR, Conflict.SEVERAL_STUDIES.words()
            return
        numbers = {uid: (scan.number, scan.modality) for uid, scan in self.scans.items()}
        for uid, scan_id in scan_ids(numbers).items():
            self.scans[uid].id = scan_id
        self.status = SessionStatus.READY

    @property
    def key(self) -> PrearchiveKey:
        """Return what tells it from the other sessions that are being received."""
        return prearchive_key(self.destination, self.study_instance_uid)

    @property
    def facts(self) -> SessionFacts:
        """Return what XNAT compares of it."""
        studies = frozenset({self.study_instance_uid})
        return SessionFacts(self.destination.subject or "", self.modality, studies)

    @property
    def modality(self) -> str:
        """Return what stands for the session's data type."""
        return session_modality(scan.modality for scan in self.scans.values())

    @property
    def ids(self) -> dict[str, str]:
        """Return the scan ID of each SeriesInstanceUID."""
        return {uid: scan.id for uid, scan in self.scans.items()}

    @property
    def instances(self) -> Iterator[Received]:
        """Yield every file of every scan."""
        for scan in self.scans.values():
            yield from scan.files.values()

    @property
    def study_date(self) -> str:
        """Return the StudyDate of the first file; empty when it has none."""
        return next((item.study_date for item in self.instances), "")


def merge_conflict(
    incoming: ReceivedSession, existing: ReceivedSession, merge: Merge
) -> str | None:
    """Return XNAT's message where it would not merge `incoming`; None if it would."""
    found = session_conflict(incoming.facts, existing.facts, merge)
    if found is not None:
        return found.words(existing.destination.session)
    if merge.override:
        return None
    scans = scan_conflict(
        {uid: scan.facts for uid, scan in incoming.scans.items()},
        {uid: scan.facts for uid, scan in existing.scans.items()},
        overwrite=merge.overwrite,
    )
    return scans[0].words(scans[1]) if scans else None
