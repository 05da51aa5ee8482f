"""Members of zip and tar archives; an uncompressed one is read in place."""

from __future__ import annotations

import bz2
import gzip
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache, partial
from io import BufferedIOBase
from pathlib import Path
from types import MappingProxyType
from typing import IO, TYPE_CHECKING

from dicomferry.dicom.blob import Blob, FileBlob, Stretch
from dicomferry.dicom.passing import is_of_the_machine
from dicomferry.dicom.unpack import inflate, spooled
from dicomferry.errors import DamagedError, FerryError, UnreadableError

if TYPE_CHECKING:
    import os

    from dicomferry.model import Location

_CHUNK = 1 << 20
_ENCRYPTED = 1
_LOCAL_HEADER = 30
_PACKED: Mapping[bytes, Callable[[str], BufferedIOBase]] = MappingProxyType(
    {b"\x1f\x8b": gzip.GzipFile, b"BZh": bz2.BZ2File, b"\xfd7zXZ\0": lzma.LZMAFile}
)
_BROKEN = (
    lzma.LZMAError,
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    EOFError,
    OSError,
    NotImplementedError,
)


def is_archive(path: str | os.PathLike[str]) -> bool:
    """Say whether a file's content is a zip or a tar archive's; an unreadable file is none.

    A DICOM file is never one, even if its preamble or its end look like an archive's.
    """
    try:
        with Path(path).open("rb") as file:
            head = file.read(265)
        if head[128:132] == b"DICM":
            return False
        if head[:4] in (b"PK\3\4", b"PK\5\6"):
            return True  # `zipfile` would not know a zip archive that was cut short
        return (
            head[257:262] == b"ustar" or head.startswith(tuple(_PACKED))
        ) and tarfile.is_tarfile(path)
    except OSError:
        return False
    except (EOFError, zlib.error, lzma.LZMAError, tarfile.TarError):
        return False


def list_members(path: str | os.PathLike[str]) -> Iterator[tuple[str, int]]:
    """Yield name and size in bytes of every plain file in an archive, in the archive's order.

    Links and devices are left out. Encrypted members are listed; `open_blob` refuses them. Raises
    `DamagedError` for an archive that is cut short or broken.
    """
    with _named_errors(str(path)):
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                for info in archive.infolist():
                    if not info.is_dir():
                        yield info.filename, info.file_size
        else:
            with tarfile.open(path) as archive:
                for member in archive:
                    if member.isreg():
                        yield member.name, member.size


def open_member(location: Location) -> Blob:
    """Open one member; raises `FerryError`, `DamagedError` when it cannot be unpacked."""
    with _named_errors(str(location)):
        directory = _zip_directory(location.path, _stamp(location.path))
        if directory is None:
            return _tar_member(location)
        return _zip_member(location, directory.get(location.member))


@contextmanager
def _named_errors(name: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise FerryError(f"{name}: there is no such file") from error
    except MemoryError as error:
        raise UnreadableError(f"{name}: there is not enough memory to unpack it") from error
    except _BROKEN as error:
        if isinstance(error, OSError) and is_of_the_machine(error):
            raise UnreadableError(f"{name}: cannot be read: {error.strerror}") from error
        raise DamagedError(f"{name}: the archive is damaged ({type(error).__name__})") from error


def _stamp(path: str) -> tuple[int, int]:
    status = Path(path).stat()
    return status.st_mtime_ns, status.st_size


# The cache reads an archive's directory once, not once for each of its members.
@lru_cache(maxsize=4)
def _zip_directory(path: str, stamp: tuple[int, int]) -> Mapping[str, zipfile.ZipInfo] | None:
    del stamp  # part of the cache's key: a changed archive is read again
    if not zipfile.is_zipfile(path):
        return None
    with zipfile.ZipFile(path) as archive:
        return {info.filename: info for info in archive.infolist()}


@lru_cache(maxsize=4)
def _tar_directory(
    path: str, stamp: tuple[int, int]
) -> tuple[Blob | None, Mapping[str, tuple[int, int]]]:
    """Return the unpacked archive (None if it is not packed), and offset and size by member."""
    del stamp
    with Path(path).open("rb") as file:
        magic = file.read(6)
    opener = next((_PACKED[start] for start in _PACKED if magic.startswith(start)), None)
    if opener is None:
        with tarfile.open(path, "r:") as archive:
            return None, _plain_files(archive)
    with opener(path) as packed:
        blob = spooled(_chunks(packed), path)
    with blob.whole() as whole, tarfile.open(fileobj=whole, mode="r:") as archive:
        return blob, _plain_files(archive)


def _plain_files(archive: tarfile.TarFile) -> Mapping[str, tuple[int, int]]:
    return {
        member.name: (member.offset_data, member.size)
        for member in archive
        if member.isreg() and not member.issparse()
    }


def _zip_member(location: Location, info: zipfile.ZipInfo | None) -> Blob:
    name = str(location)
    if info is None:
        raise FerryError(f"{name}: the archive has no such member")
    if info.flag_bits & _ENCRYPTED:
        raise FerryError(f"{name}: is encrypted", hint="unpack the archive first")
    if info.compress_type == zipfile.ZIP_STORED:
        return _range(location, _data_start(location.path, info), info.file_size)
    if info.compress_type == zipfile.ZIP_DEFLATED:
        packed = _range(location, _data_start(location.path, info), info.compress_size)
        try:
            return spooled(_checked(inflate(packed, 0, name), info.CRC), name, info.file_size)
        finally:
            packed.close()
    with zipfile.ZipFile(location.path) as archive, archive.open(info) as member:
        return spooled(_chunks(member), name, info.file_size)


def _checked(chunks: Iterator[bytes], expected: int) -> Iterator[bytes]:
    found = 0
    for chunk in chunks:
        found = zlib.crc32(chunk, found)
        yield chunk
    if found != expected:
        raise zipfile.BadZipFile("the checksum differs")


def _data_start(path: str, info: zipfile.ZipInfo) -> int:
    # The local header's name and extra field may be longer or shorter than the directory's.
    with Path(path).open("rb") as file:
        file.seek(info.header_offset)
        local = file.read(_LOCAL_HEADER)
    if local[:4] != b"PK\3\4":
        raise zipfile.BadZipFile("a member's header is missing")
    name, extra = (int.from_bytes(local[at : at + 2], "little") for at in (26, 28))
    return info.header_offset + _LOCAL_HEADER + name + extra


def _range(location: Location, start: int, size: int) -> Blob:
    if start + size > Path(location.path).stat().st_size:
        raise DamagedError(f"{location}: the archive is cut short")
    return FileBlob(location.path, str(location), start, size)


def _tar_member(location: Location) -> Blob:
    unpacked, files = _tar_directory(location.path, _stamp(location.path))
    if location.member not in files:
        raise FerryError(f"{location}: the archive has no such member")
    start, size = files[location.member]
    if unpacked is None:
        return _range(location, start, size)
    if start + size > unpacked.size:
        raise DamagedError(f"{location}: the archive is cut short")
    return Stretch(unpacked, start, size)


def _chunks(file: IO[bytes] | BufferedIOBase) -> Iterator[bytes]:
    return iter(partial(file.read, _CHUNK), b"")
