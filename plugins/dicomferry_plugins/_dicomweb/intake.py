"""What a DICOMweb server sends, taken into an inbox: nothing that was not asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from io import BytesIO
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Final

from msgspec.structs import replace

from dicomferry import FerryError, InstanceRef, RemoteInstance
from dicomferry.contract import Inbox
from dicomferry.dicom import quietly, read_header

_HEAD: Final = 1 << 16
"""Bytes that are kept of each instance, to know which one it is."""

_OWN: Final = (
    "StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID", "InstanceNumber",
)  # fmt: skip
"""What two instances of a series do not share, and `_LAST` is the last of it."""

_LAST: Final = 0x00200013
_TAGS: Final = (0x0020000D, 0x0020000E, 0x00080018, 0x00080016, _LAST)


class WebIntake:
    """Takes Part 10 files into one inbox.

    What comes of a series in `whole` and was not listed is taken as well. `came` counts the
    instances that were taken, `unasked` the parts that are none of what is wanted, `unlisted` by
    SeriesInstanceUID what came beyond the list.
    """

    def __init__(self, inbox: Inbox, whole: Collection[str] = ()) -> None:
        self._inbox = inbox
        missing = inbox.missing()
        self._wanted = {one.ref.sop_instance_uid: one for one in missing}
        self._siblings = {
            one.ref.series_instance_uid: one
            for one in missing
            if one.ref.series_instance_uid in whole
        }
        self.came = 0
        self.unasked = 0
        self.unlisted: Counter[str] = Counter()

    def take(self, chunks: Iterable[bytes]) -> None:
        """Take one file, in full or not at all; one that nobody wants is read and dropped.

        Raises what `chunks` raise, and `FerryError` where the spool cannot be written.
        """
        path = self._partial()
        try:
            head, size = self._write(path, chunks)
            told = _told(path, head, size)
            instance = self._wanted_as(told) if told else None
            if instance is None:
                self.unasked += 1
            elif self._inbox.take(instance, path):
                self.came += 1
                if instance.ref.sop_instance_uid not in self._wanted:
                    self.unlisted[instance.ref.series_instance_uid] += 1
        except OSError as error:
            raise self._unusable(error) from None
        finally:
            path.unlink(missing_ok=True)

    def _partial(self) -> Path:
        try:
            with NamedTemporaryFile(dir=self._inbox.folder, suffix=".dcm", delete=False) as file:
                return Path(file.name)
        except OSError as error:
            raise self._unusable(error) from None

    def _write(self, path: Path, chunks: Iterable[bytes]) -> tuple[bytes, int]:
        """Write a file and return its first bytes and its size; one without room is left empty."""
        head, size, room = bytearray(), 0, self._inbox.room
        with path.open("wb") as file:
            for chunk in chunks:
                size += len(chunk)
                if len(head) < _HEAD:
                    head += chunk[: _HEAD - len(head)]
                if size <= room:
                    file.write(chunk)
                else:
                    file.truncate(0)
                    file.seek(0)
        return bytes(head), size

    def _wanted_as(self, told: Mapping[str, str]) -> RemoteInstance | None:
        """Return the instance that a file is; None where nobody wants it."""
        study, series, uid, sop_class, number = (told[keyword] for keyword in _OWN)
        sibling = self._siblings.get(series)
        if (listed := self._wanted.get(uid)) or not sibling or not (uid and sop_class):
            return listed
        if study != sibling.ref.study_instance_uid:
            return None
        known = {key: text for key, text in sibling.attributes.items() if key not in _OWN}
        own = InstanceRef(study, series, uid, sop_class)
        return replace(sibling, ref=own, attributes={**known, "InstanceNumber": number})

    def _unusable(self, error: OSError) -> FerryError:
        folder = self._inbox.folder
        return FerryError(
            f"{folder}: the spool cannot be written: {error.strerror or error}",
            hint="is there room, and may we write there?",
        )


def _told(path: Path, head: bytes, size: int) -> dict[str, str] | None:
    """Return what a file tells of itself; None where it is no DICOM.

    A header that is longer than the head is read from the file, as far as it is needed.
    """
    try:
        header = read_header(head, size)
    except FerryError:
        return None
    if header is not None:
        return {keyword: header.text(keyword) or "" for keyword in _OWN}
    from pydicom.errors import InvalidDicomError
    from pydicom.filereader import read_partial

    whole = path.stat().st_size == size
    try:
        with quietly(), path.open("rb") if whole else BytesIO(head) as file:
            dataset = read_partial(file, lambda tag, *_: tag > _LAST, specific_tags=list(_TAGS))
            return {keyword: str(dataset.get(keyword, "")) for keyword in _OWN}
    except (InvalidDicomError, ValueError, EOFError):
        return None
