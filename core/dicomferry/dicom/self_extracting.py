"""Programs of Windows that unpack themselves: where the archive behind the program starts."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from dicomferry.dicom.blob import Blob

_PROGRAM: Final = b"MZ"
_ZIP_END: Final = b"PK\5\6"
_ZIP_TAIL: Final = 22 + 0xFFFF
"""Bytes that the end of a zip archive and its comment take at most (APPNOTE 4.3.16)."""
_SECTION: Final = 40
_MOST_SECTIONS: Final = 96
"""Windows loads no program with more."""


def is_program(head: bytes) -> bool:
    """Tell whether a file starts as a program of Windows does."""
    return head.startswith(_PROGRAM)


def ends_as_zip(blob: Blob) -> bool:
    """Tell whether a zip archive ends where the bytes end."""
    length = min(_ZIP_TAIL, blob.size)
    tail = blob.read(blob.size - length, length)
    at = tail.rfind(_ZIP_END)
    if at < 0 or at + 22 > length:
        return False
    (comment,) = struct.unpack_from("<H", tail, at + 20)
    return at + 22 + int(comment) == length


def behind_program(blob: Blob, length: int) -> bytes:
    """Return the first bytes behind a program's last section; none where there is no program."""
    try:
        start = _end_of_sections(blob)
    except struct.error:
        return b""
    return blob.read(start, min(length, blob.size - start)) if 0 < start < blob.size else b""


def _end_of_sections(blob: Blob) -> int:
    """Return where a program's last section ends; 0 for what is no program (PE format)."""
    (at,) = struct.unpack("<I", _read(blob, 0x3C, 4))
    header = _read(blob, at, 24)
    signature, _, sections, _, _, _, optional, _ = struct.unpack("<4sHHIIIHH", header)
    if signature != b"PE\0\0" or sections > _MOST_SECTIONS:
        return 0
    table = _read(blob, at + 24 + optional, _SECTION * sections)
    sizes = (struct.unpack_from("<II", table, _SECTION * one + 16) for one in range(sections))
    return max((size + start for size, start in sizes), default=0)


def _read(blob: Blob, at: int, length: int) -> bytes:
    return blob.read(at, length) if at + length <= blob.size else b""
