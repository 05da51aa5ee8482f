"""What is left of an instance whose beginning is gone: by its bytes, or by its name."""

from __future__ import annotations

import re
import struct
from typing import Final

from dicomferry.dicom.blob import Blob
from dicomferry.dicom.dictionary import standard_vr
from dicomferry.dicom.syntax import SHORT
from dicomferry.model import Location

_NAMES: Final = (".dcm", ".dicom", ".ima")
"""Ends of names that nothing but an instance has."""

_ARCHIVES: Final = (
    ".zip", ".tar", ".tgz", ".gz", ".bz2", ".tbz2", ".xz", ".txz", ".zst", ".7z", ".rar", ".iso",
)  # fmt: skip
"""Ends of names of archives, compressed files and images of disks."""

_SEARCHED: Final = 4096
_PIECE: Final = 1 << 20
_LEAST: Final = 132
"""Bytes of a preamble and a prefix: what is shorter was no file of DICOM."""

_ROW: Final = 6
"""Elements that stand one behind the other in nothing but a data set."""

_ELEMENT: Final = re.compile(
    rb"(?=[\x08\x10\x18\x20\x28]\0..(?:AE|AS|CS|DA|DS|IS|LO|LT|PN|SH|ST|TM|UI|UL|US).\0)", re.DOTALL
)
_PREFIX: Final = b"DICM\x02\0"
_META_GROUP: Final = b"\x02\0\0\0UL"
_APPLE_DOUBLE: Final = b"\0\x05\x16\x07"
"""The beginning of a file `._name`, in which a Mac keeps what another disk has no place for."""


def remnant(blob: Blob, location: Location) -> str:
    """Return why bytes that cannot be read as an instance were one; empty where none shows it."""
    head = blob.read(0, min(_SEARCHED, blob.size))
    if head.startswith(_APPLE_DOUBLE):
        return ""
    if (at := head.find(_PREFIX)) >= 0:
        return f"a DICOM prefix stands at byte {at}, and belongs to byte 128"
    if head[132:138] == _META_GROUP:
        return "a meta group stands at byte 132, and no DICOM prefix in front of it"
    if found := misnamed(head, location.member or location.path):
        return found
    if blob.size >= _LEAST and _is_empty(blob):
        return f"it holds nothing but {blob.size:,} NULs: what was in it is lost"
    row = _elements_at(head)
    if row is not None:
        return f"elements of a data set stand at byte {row}, and nothing that begins one in front"
    return ""


def _is_empty(blob: Blob) -> bool:
    """Tell whether all bytes are NUL; one that is not ends the reading."""
    starts = range(0, blob.size, _PIECE)
    return not any(any(blob.read(at, min(_PIECE, blob.size - at))) for at in starts)


def _elements_at(head: bytes) -> int | None:
    """Return where standard elements of explicit VR stand one behind the other, None if nowhere."""
    return next((found.start() for found in _ELEMENT.finditer(head) if _is_row(head, found)), None)


def _is_row(head: bytes, first: re.Match[bytes]) -> bool:
    at, before = first.start(), 0
    for _ in range(_ROW):
        group, element, length = struct.unpack_from("<HH2xH", head.ljust(at + 8, b"\0"), at)
        tag = group << 16 | element
        vr = head[at + 4 : at + 6]
        if tag <= before or vr not in SHORT or standard_vr(tag) != vr.decode():
            return False
        at, before = at + 8 + length, tag
    return True


def misnamed(head: bytes, name: str) -> str:
    """Return why a file that begins with `head` is not what its name says; empty where it may be.

    An archive of which nothing was written had instances in it, perhaps.
    """
    if name.lower().endswith(_NAMES):
        what = "has no beginning of an instance" if head else "is empty"
        return f"it is named as an instance, and {what}"
    if name.lower().endswith(_ARCHIVES) and not any(head):
        what = f"begins with {len(head)} NULs" if head else "is empty"
        return f"it is named as an archive, and {what}"
    return ""
