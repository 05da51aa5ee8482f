"""What a DICOMDIR lists (PS3.3 F.3): files of a medium, each with the instance in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from msgspec import Struct

if TYPE_CHECKING:
    from dicomferry.dicom.blob import Blob

_INACTIVE: Final = bytes(2)
_TAIL: Final = 4096
_MOST: Final = 64 << 20
"""Bytes that are read: a hundred thousand records."""
# A DICOMDIR is written in explicit VR little endian (PS3.10 8.6); some write it in implicit VR. The
# elements of a record have a fixed order: RecordInUseFlag, ReferencedFileID,
# ReferencedSOPInstanceUIDInFile.
_ELEMENTS: Final = re.compile(
    rb"\x04\x00(?:\x10\x14(?:US\x02\x00|\x02\x00\x00\x00)(?P<in_use>..)"
    rb"|\x00\x15(?:CS(?P<file>..)|(?P<implicit_file>..)\x00\x00)"
    rb"|\x11\x15(?:UI(?P<sop>..)|(?P<implicit_sop>..)\x00\x00))",
    re.DOTALL,
)
_RECORDS: Final = re.compile(rb"\x04\x00\x20\x12(?:SQ\x00\x00)?(?P<length>....)", re.DOTALL)
"""DirectoryRecordSequence, which ends the data set."""
_UNDEFINED: Final = b"\xff\xff\xff\xff"
_DELIMITER: Final = b"\xfe\xff\xdd\xe0"
_UID: Final = re.compile(rb"[0-9.]{1,64}")


class ListedFile(Struct, frozen=True):
    """A file that a DICOMDIR lists: its way from the DICOMDIR's folder, and its SOP instance."""

    parts: tuple[str, ...]
    sop_instance_uid: str


def listed_files(blob: Blob) -> Iterator[ListedFile]:
    """Yield what a DICOMDIR lists; records that are not in use do not count.

    Raises `FerryError` where it cannot be read. Nothing is listed by what is no DICOMDIR.
    """
    data = blob.read(0, min(blob.size, _MOST))
    in_use = True
    parts: tuple[str, ...] = ()
    for found in _ELEMENTS.finditer(data):
        if (flag := found["in_use"]) is not None:
            in_use, parts = flag != _INACTIVE, ()
        elif (length := found["file"] or found["implicit_file"]) is not None:
            name = _value(data, found.end(), length).decode("ascii", "replace")
            parts = tuple(part.strip() for part in name.split("\\"))
        elif in_use and parts and all(parts):
            uid = _value(data, found.end(), found["sop"] or found["implicit_sop"]).strip(b"\0 ")
            if _UID.fullmatch(uid):
                yield ListedFile(parts, uid.decode())
            parts = ()


def is_cut(blob: Blob) -> bool:
    """Tell whether the records of a DICOMDIR end before their sequence does."""
    found = _RECORDS.search(blob.read(0, min(blob.size, _MOST)))
    if found is None:
        return False
    if found["length"] != _UNDEFINED:
        return found.end() + int.from_bytes(found["length"], "little") > blob.size
    tail = blob.read(max(0, blob.size - _TAIL), min(blob.size, _TAIL))
    return not tail.rstrip(b"\0").endswith(_DELIMITER)


def _value(data: bytes, start: int, length: bytes) -> bytes:
    return data[start : start + int.from_bytes(length, "little")]
