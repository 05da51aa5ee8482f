"""What a DICOMweb server sends, taken into an inbox: nothing that was not asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Final

from msgspec.structs import replace

from dicomferry import FerryError, Header, InstanceRef, RemoteInstance
from dicomferry.contract import Inbox
from dicomferry.dicom import read_header

_HEAD: Final = 1 << 16
"""Bytes that are kept of each instance, to know which one it is."""

_OWN: Final = (
    "StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID", "InstanceNumber",
)  # fmt: skip
"""What two instances of a series do not share."""


class WebIntake:
    """Takes Part 10 files into one inbox.

    What comes of a series in `whole` and was not listed is taken as well. `came` counts the
    instances that were taken, `unlisted` by SeriesInstanceUID those that came beyond the list.
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
        self.unlisted: Counter[str] = Counter()

    def take(self, chunks: Iterable[bytes]) -> None:
        """Take one file, in full or not at all; one that nobody wants is read and dropped.

        Raises what `chunks` raise, and `FerryError` where the spool cannot be written.
        """
        path = self._partial()
        try:
            head, size = self._write(path, chunks)
            instance = self._wanted_as(head, size)
            if instance is None or not self._inbox.take(instance, path):
                return
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

    def _wanted_as(self, head: bytes, size: int) -> RemoteInstance | None:
        """Return the instance that a file is; None where nobody wants it, or it is none."""
        header = _header(head, size)
        if header is None:
            return None
        ref = header.ref
        listed = self._wanted.get(ref.sop_instance_uid)
        sibling = self._siblings.get(ref.series_instance_uid)
        if listed or not sibling or not all((ref.sop_instance_uid, ref.sop_class_uid)):
            return listed
        if ref.study_instance_uid != sibling.ref.study_instance_uid:
            return None
        told = {key: text for key, text in sibling.attributes.items() if key not in _OWN}
        told["InstanceNumber"] = header.text("InstanceNumber") or ""
        own = InstanceRef(
            ref.study_instance_uid,
            ref.series_instance_uid,
            ref.sop_instance_uid,
            ref.sop_class_uid,
        )
        return replace(sibling, ref=own, attributes=told)

    def _unusable(self, error: OSError) -> FerryError:
        folder = self._inbox.folder
        return FerryError(
            f"{folder}: the spool cannot be written: {error.strerror or error}",
            hint="is there room, and may we write there?",
        )


def _header(head: bytes, size: int) -> Header | None:
    """Return what the first bytes tell; an unusual header may need more, and then all are read."""
    try:
        return read_header(head, size)
    except FerryError:
        return None
