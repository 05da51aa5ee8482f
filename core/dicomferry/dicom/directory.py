"""What a DICOMDIR lists (PS3.3 F.3): files of a medium, each with the instance in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from msgspec import Struct

_INACTIVE: Final = bytes(2)
_MOST: Final = 64 << 20
"""Bytes that are read: a hundred thousand records."""
# A DICOMDIR is written in explicit VR little endian (PS3.10 8.6). The elements of a record have a
# fixed order: RecordInUseFlag, ReferencedFileID, ReferencedSOPInstanceUIDInFile.
_ELEMENTS: Final = re.compile(
    rb"\x04\x00(?:\x10\x14US\x02\x00(?P<in_use>..)|\x00\x15CS(?P<file>..)|\x11\x15UI(?P<sop>..))",
    re.DOTALL,
)
_UID: Final = re.compile(rb"[0-9.]{1,64}")


class ListedFile(Struct, frozen=True):
    """A file that a DICOMDIR lists: its way from the DICOMDIR's folder, and its SOP instance."""

    parts: tuple[str, ...]
    sop_instance_uid: str


def listed_files(path: str | bytes) -> Iterator[ListedFile]:
    """Yield what the DICOMDIR at `path` lists; records that are not in use do not count.

    Raises `OSError` where it cannot be read. Nothing is listed by what is no DICOMDIR.
    """
    with open(path, "rb") as file:  # noqa: PTH123  a name of bytes
        data = file.read(_MOST)
    in_use = True
    parts: tuple[str, ...] = ()
    for found in _ELEMENTS.finditer(data):
        if (flag := found["in_use"]) is not None:
            in_use, parts = flag != _INACTIVE, ()
        elif found["file"] is not None:
            name = _value(data, found.end(), found["file"]).decode("ascii", "replace")
            parts = tuple(part.strip() for part in name.split("\\"))
        elif in_use and parts and all(parts):
            uid = _value(data, found.end(), found["sop"]).strip(b"\0 ")
            if _UID.fullmatch(uid):
                yield ListedFile(parts, uid.decode())
            parts = ()


def _value(data: bytes, start: int, length: bytes) -> bytes:
    return data[start : start + int.from_bytes(length, "little")]
