"""What a PACS sends, taken into an inbox: nothing that was not asked for."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from dicomferry import InstanceRef, RemoteInstance
from dicomferry.contract import Inbox
from dicomferry.dicom import quietly

if TYPE_CHECKING:
    from pynetdicom.events import Event

SUCCESS = 0x0000
OUT_OF_RESOURCES = 0xA700
NOT_AUTHORIZED = 0x0124
CANNOT_WRITE = 0xA701

_TELLING: Final = (
    "StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID", "InstanceNumber",
)  # fmt: skip
"""What is read of an instance that was not listed, to know whether it belongs to what was asked."""


class Intake:
    """Answers the C-STORE requests that come for one inbox; without one, it refuses them all.

    What comes of a series in `whole` and was not listed is taken as well. `came` counts the
    instances that were taken, `unasked` those that nobody wants, `unlisted` by SeriesInstanceUID
    those that came beyond the list. Safe for several associations at once.
    """

    def __init__(self, inbox: Inbox | None, whole: Collection[str] = ()) -> None:
        self.inbox = inbox
        missing = inbox.missing() if inbox else []
        self._wanted = {one.ref.sop_instance_uid: one for one in missing if not is_bare(one)}
        self._siblings = {
            one.ref.series_instance_uid: one
            for one in missing
            if one.ref.series_instance_uid in whole
        }
        self._lock = threading.Lock()
        self.came = 0
        self.unasked = 0
        self.unlisted: Counter[str] = Counter()

    @property
    def room(self) -> int:
        """Return how many bytes may still be taken."""
        return self.inbox.room if self.inbox else 0

    def awaits(self, keys: Mapping[str, str]) -> bool:
        """Tell whether an instance is missing that a request with these keys asks for."""
        missing = self.inbox.missing() if self.inbox and not self.inbox.full else []
        series, uids = keys.get("SeriesInstanceUID"), keys.get("SOPInstanceUID")
        return any(
            series in (None, one.ref.series_instance_uid)
            and (uids is None or one.ref.sop_instance_uid in uids.split("\\"))
            for one in missing
        )

    def take(self, event: Event) -> int:
        """Keep one instance and return the status to answer with (PS3.4 B.2.3)."""
        file = Path(event.dataset_path)
        try:
            return self._take(str(getattr(event.request, "AffectedSOPInstanceUID", "")), file)
        except OSError:
            return CANNOT_WRITE
        finally:
            file.unlink(missing_ok=True)

    def _take(self, uid: str, file: Path) -> int:
        listed = self._wanted.get(uid)
        instance = listed or self._beside(file)
        with self._lock:
            if self.inbox is None or instance is None:
                self.unasked += 1
                return NOT_AUTHORIZED
            if not self.inbox.take(instance, file):
                return OUT_OF_RESOURCES
            self.came += 1
            if listed is None:
                self.unlisted[instance.ref.series_instance_uid] += 1
        return SUCCESS

    def _beside(self, file: Path) -> RemoteInstance | None:
        """Return an instance that was not listed, if one of its series was asked for as a whole."""
        if not self._siblings or not file.stat().st_size:
            return None
        from pydicom import dcmread
        from pydicom.errors import InvalidDicomError

        try:
            with quietly():
                header = dcmread(file, stop_before_pixels=True, specific_tags=list(_TELLING))
                texts = {keyword: str(header.get(keyword, "")) for keyword in _TELLING}
        except (InvalidDicomError, ValueError, EOFError):
            return None
        study, series, uid, sop_class, number = texts.values()
        sibling = self._siblings.get(series)
        if sibling is None or sibling.ref.study_instance_uid != study or not uid:
            return None
        told = {key: value for key, value in sibling.attributes.items() if key not in _TELLING}
        ref = InstanceRef(study, series, uid, sop_class)
        return replace(sibling, ref=ref, attributes={**told, "InstanceNumber": number})


def is_bare(instance: RemoteInstance) -> bool:
    """Tell whether an instance stands for a series of which the PACS lists none."""
    return not instance.ref.sop_instance_uid


class Door:
    """Lets instances into the intake that is open, and into none otherwise.

    `strangers` are the callers that had another title for us, `patience` is for how many seconds
    late instances are waited for at most.
    """

    def __init__(self) -> None:
        self.intake: Intake | None = None
        self.strangers: Counter[str] = Counter()
        self.patience = float("inf")

    @property
    def room(self) -> int:
        """Return how many bytes may come in now."""
        intake = self.intake
        return intake.room if intake is not None else 0

    def take(self, event: Event) -> int:
        """Answer one C-STORE request."""
        intake = self.intake
        if intake is not None:
            return intake.take(event)
        Path(event.dataset_path).unlink(missing_ok=True)
        return NOT_AUTHORIZED


@contextmanager
def receiving(folder: Path) -> Iterator[Door]:
    """Let pynetdicom write what it receives into `folder`, piece by piece, for this process.

    It knows no other way to be told than its modules' own names and settings.
    """
    from pynetdicom import _config, dimse_messages

    door = Door()
    names: Any = dimse_messages
    before = (_config.STORE_RECV_CHUNKED_DATASET, names.NamedTemporaryFile)
    _config.STORE_RECV_CHUNKED_DATASET = True
    names.NamedTemporaryFile = lambda **_: _IncomingFile(folder, door.room)
    try:
        yield door
    finally:
        _config.STORE_RECV_CHUNKED_DATASET, names.NamedTemporaryFile = before


class _IncomingFile:
    """The file of one instance on its way in. One that outgrows its room is left empty."""

    def __init__(self, folder: Path, room: int) -> None:
        self.file = NamedTemporaryFile(dir=folder, suffix=".dcm", delete=False)  # noqa: SIM115
        self.name = self.file.name
        self._room = room
        self._size = 0

    def write(self, data: bytes) -> None:
        self._size += len(data)
        if self._size <= self._room:
            self.file.write(data)
        else:
            self.file.truncate(0)

    def close(self) -> None:
        self.file.close()
