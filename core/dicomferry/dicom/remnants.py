"""What is left of an instance whose beginning is gone: by its bytes, or by its name."""

from __future__ import annotations

from typing import Final

from dicomferry.dicom.blob import Blob
from dicomferry.model import Location

_NAMES: Final = (".dcm", ".dicom", ".ima")
"""Ends of names that nothing but an instance has."""

_ARCHIVES: Final = (
    ".zip", ".tar", ".tgz", ".gz", ".bz2", ".tbz2", ".xz", ".txz", ".zst", ".7z", ".rar", ".iso",
)  # fmt: skip
"""Ends of names of archives, compressed files and images of disks."""

_SEARCHED: Final = 4096
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
    return misnamed(head, location.member or location.path)


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
