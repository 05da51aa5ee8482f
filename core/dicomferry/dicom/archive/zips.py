"""The inside of a zip archive."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from functools import partial
from typing import IO, TYPE_CHECKING, Final

from dicomferry.dicom.archive.member import Member
from dicomferry.dicom.unpack import bound, inflate, spooled
from dicomferry.errors import DamagedError, FerryError

if TYPE_CHECKING:
    from dicomferry.dicom.archive.files import Ground
    from dicomferry.dicom.blob import Blob

_CHUNK: Final = 1 << 20
_ENCRYPTED: Final = 1
_LOCAL_HEADER: Final = 30
_LOCAL_MAGIC: Final = b"PK\3\4"
_METHODS: Final = {
    zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA,
    getattr(zipfile, "ZIP_ZSTANDARD", zipfile.ZIP_STORED),
}  # fmt: skip
"""What this Python can unpack (APPNOTE.TXT 4.4.5)."""


class ZipInside:
    """The members of a zip archive; those that are not compressed are read in place."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        with ground.file() as file, zipfile.ZipFile(file) as archive:
            self._infos = archive.infolist()
            first = min((info.header_offset for info in self._infos), default=0)
            file.seek(0)
            if first and file.read(4) == _LOCAL_MAGIC:
                raise DamagedError(
                    f"another archive stands in front of it, up to byte {first}: its members are"
                    " in no list; take the two apart"
                )
        self._by_name = {info.filename: info for info in self._infos}

    def members(self) -> Iterator[Member]:
        """Yield every file in the archive's order."""
        for info in self._infos:
            if info.is_dir():
                continue
            name = info.filename
            if info.flag_bits & _ENCRYPTED:
                yield Member(name, name, info.file_size, "encrypted", _LOCKED)
            elif info.compress_type not in _METHODS:
                yield Member(name, name, info.file_size, "unknown-compression", _unknown(info))
            else:
                yield Member(name, name, info.file_size)

    def has(self, name: str) -> bool:
        """Tell whether there is such a member."""
        return name in self._by_name

    def open(self, name: str, label: str) -> Blob:
        """Return the bytes of a member; of two with one name those of the last."""
        info = self._by_name[name]
        if info.flag_bits & _ENCRYPTED:
            raise FerryError(f"{label}: {_LOCKED}", hint="unpack the archive first")
        if info.compress_type not in _METHODS:
            raise FerryError(f"{label}: {_unknown(info)}", hint="unpack the archive first")
        if info.compress_type == zipfile.ZIP_STORED:
            return _whole(self._ground.cut(self._start(info), info.file_size, label), info.CRC)
        limit = min(info.file_size, bound(info.compress_size))
        if info.compress_type == zipfile.ZIP_DEFLATED:
            packed = self._ground.cut(self._start(info), info.compress_size, label)
            try:
                return spooled(_checked(inflate(packed, 0, label), info.CRC), label, limit)
            finally:
                packed.close()
        with (
            self._ground.file() as file,
            zipfile.ZipFile(file) as archive,
            archive.open(info) as member,
        ):
            return spooled(iter(partial(member.read, _CHUNK), b""), label, limit)

    def _start(self, info: zipfile.ZipInfo) -> int:
        # The local header's name and extra field may be longer or shorter than the directory's.
        with self._ground.file() as file:
            local = _local_header(file, info)
        name, extra = (int.from_bytes(local[at : at + 2], "little") for at in (26, 28))
        return info.header_offset + _LOCAL_HEADER + name + extra


_LOCKED: Final = "is encrypted: unpack the archive with its password"


def _unknown(info: zipfile.ZipInfo) -> str:
    return f"is compressed by method {info.compress_type}, which is not known: unpack the archive"


def _local_header(file: IO[bytes], info: zipfile.ZipInfo) -> bytes:
    file.seek(info.header_offset)
    local = file.read(_LOCAL_HEADER)
    if local[:4] != _LOCAL_MAGIC:
        raise zipfile.BadZipFile("a member's header is missing")
    return local


def _whole(stored: Blob, expected: int) -> Blob:
    """Return a member that is not compressed; raises `BadZipFile` where its checksum differs."""
    try:
        starts = range(0, stored.size, _CHUNK)
        chunks = (stored.read(at, min(_CHUNK, stored.size - at)) for at in starts)
        for _ in _checked(chunks, expected):
            pass
    except BaseException:
        stored.close()
        raise
    return stored


def _checked(chunks: Iterator[bytes], expected: int) -> Iterator[bytes]:
    found = 0
    for chunk in chunks:
        found = zlib.crc32(chunk, found)
        yield chunk
    if found != expected:
        raise zipfile.BadZipFile("the checksum differs")
