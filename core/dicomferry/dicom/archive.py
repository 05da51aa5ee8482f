"""Members of zip and tar archives, read in place where they are not compressed."""

from __future__ import annotations

import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING

from dicomferry.dicom.blob import Blob, FileBlob
from dicomferry.dicom.unpack import spooled
from dicomferry.errors import DamagedError, FerryError

if TYPE_CHECKING:
    import os

    from dicomferry.model import Location

_CHUNK = 1 << 20
_ENCRYPTED = 1
_LOCAL_HEADER = 30
_PACKED = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0")
_BROKEN = (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, OSError, NotImplementedError)


def is_archive(path: str | os.PathLike[str]) -> bool:
    """Say whether a file is a zip or a tar archive, by its content; an unreadable file is none.

    A DICOM file is never one, whatever is hidden in its preamble or behind its end.
    """
    try:
        with Path(path).open("rb") as file:
            head = file.read(265)
        if head[128:132] == b"DICM":
            return False
        if head[:4] in (b"PK\3\4", b"PK\5\6"):
            return zipfile.is_zipfile(path)
        return (head[257:262] == b"ustar" or head.startswith(_PACKED)) and tarfile.is_tarfile(path)
    except OSError:
        return False
    except (EOFError, zlib.error, tarfile.TarError):
        return False


def list_members(path: str | os.PathLike[str]) -> Iterator[tuple[str, int]]:
    """Yield name and size in bytes of every plain file in an archive, in the archive's order.

    Links and devices are left out; encrypted members are listed, `open_blob` refuses them. Raises
    `DamagedError` for an archive that is cut short or broken.
    """
    with _placed(str(path)):
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
    with _placed(str(location)):
        if zipfile.is_zipfile(location.path):
            return _zip_member(location)
        return _tar_member(location)


@contextmanager
def _placed(name: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise FerryError(f"{name}: there is no such file") from error
    except PermissionError as error:
        raise FerryError(f"{name}: cannot be read: {error.strerror}") from error
    except _BROKEN as error:
        raise DamagedError(f"{name}: the archive is damaged ({type(error).__name__})") from error


def _zip_member(location: Location) -> Blob:
    name = str(location)
    with zipfile.ZipFile(location.path) as archive:
        try:
            info = archive.getinfo(location.member)
        except KeyError:
            raise FerryError(f"{name}: the archive has no such member") from None
        if info.flag_bits & _ENCRYPTED:
            raise FerryError(f"{name}: is encrypted", hint="unpack the archive first")
        if info.compress_type == zipfile.ZIP_STORED:
            start = _stored_at(location.path, info.header_offset)
            return _range(location, start, info.file_size)
        with archive.open(info) as packed:
            return spooled(_chunks(packed), name, info.file_size)


def _stored_at(path: str, header: int) -> int:
    # The local header's name and extra field may differ in length from the directory's.
    with Path(path).open("rb") as file:
        file.seek(header)
        local = file.read(_LOCAL_HEADER)
    name, extra = (int.from_bytes(local[at : at + 2], "little") for at in (26, 28))
    return header + _LOCAL_HEADER + name + extra


def _range(location: Location, start: int, size: int) -> Blob:
    if start + size > Path(location.path).stat().st_size:
        raise DamagedError(f"{location}: the archive is cut short")
    return FileBlob(location.path, str(location), start, size)


def _tar_member(location: Location) -> Blob:
    name = str(location)
    with tarfile.open(location.path) as archive:
        try:
            info = archive.getmember(location.member)
        except KeyError:
            raise FerryError(f"{name}: the archive has no such member") from None
        if not info.isreg():
            raise FerryError(f"{name}: is not a plain file")
        with Path(location.path).open("rb") as file:
            packed = file.read(6).startswith(_PACKED)
        if not packed and not info.issparse():
            return _range(location, info.offset_data, info.size)
        member = archive.extractfile(info)
        if member is None:
            raise FerryError(f"{name}: is not a plain file")
        with member:
            return spooled(_chunks(member), name, info.size)


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    return iter(partial(file.read, _CHUNK), b"")
