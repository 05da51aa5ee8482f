"""One compressed file: gzip, bzip2, xz or zstd around a DICOM file or a tar archive."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from pathlib import PurePosixPath
from typing import IO, TYPE_CHECKING, Final, cast

from dicomferry.dicom.archive.errors import broken_errors, trouble_behind
from dicomferry.dicom.archive.files import BlobFile, Ground, Unpacked
from dicomferry.dicom.archive.member import Member
from dicomferry.dicom.archive.streams import Decompressor, joined_streams
from dicomferry.dicom.blob import BytesBlob
from dicomferry.dicom.containers import BZIP2, GZIP, TAR, XZ, ZSTD, ContainerKind, kind_of
from dicomferry.dicom.part10 import layout_of
from dicomferry.dicom.remnants import misnamed
from dicomferry.dicom.syntax import CutError, UnsureError
from dicomferry.dicom.unpack import bound, spooled
from dicomferry.dicom.window import HEAD
from dicomferry.errors import DamagedError, FerryError, NotDicomError, UnreadableError

if TYPE_CHECKING:
    from dicomferry.dicom.blob import Blob

_CHUNK: Final = 1 << 20
_GLIMPSE: Final = max(HEAD, 1 << 16)
_SUFFIXES: Final = frozenset((".gz", ".gzip", ".z", ".bz2", ".bz", ".xz", ".zst", ".zstd"))
_TARS: Final = frozenset((".tgz", ".tbz", ".tbz2", ".txz", ".tzst"))
PACKED: Final = _SUFFIXES | _TARS
"""How names of compressed files end."""
ZSTD_COMMAND: Final = "pip install 'dicomferry[zstd]'"


class PackedInside:
    """One compressed file that is no tar archive: its only member is called as it is, unpacked."""

    def __init__(self, ground: Ground, kind: ContainerKind, name: str, size: int) -> None:
        self._ground = ground
        self._kind = kind
        self._size = size
        path = PurePosixPath(name)
        self._member = path.stem if path.suffix.lower() in PACKED else path.name

    def members(self) -> Iterator[Member]:
        """Yield the one member; nobody knows its size, so it has that of the compressed file."""
        yield Member(self._member, "", self._size)

    def has(self, name: str) -> bool:
        """Tell whether the member has this name."""
        return name == self._member

    def open(self, _name: str, label: str) -> Blob:
        """Return the unpacked bytes; raises `NotDicomError` as soon as they are known to be none.

        Raises `DamagedError` for more bytes than `bound` allows.
        """
        with self._ground.file() as packed, unpacking(self._kind, packed) as file:
            head = _first(file)
            if not _promising(head):
                if found := misnamed(head, self._member):
                    raise DamagedError(f"{label}: {found}")
                raise NotDicomError(f"{label}: {_NOT_DICOM}")
            return spooled(_chunks(head, file), label, bound(self._size))


def has_zstd() -> bool:
    """Tell whether there is a module that reads zstd."""
    try:
        import_module("compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd")
    except ImportError:
        return False
    return True


def unpacking(kind: ContainerKind, packed: IO[bytes]) -> IO[bytes]:
    """Return what reads the unpacked bytes of a file; raises `FerryError` where it cannot be."""
    if kind is GZIP:
        import gzip

        return cast("IO[bytes]", gzip.GzipFile(fileobj=packed))
    if kind is BZIP2:
        import bz2

        return joined_streams(packed, bz2.BZ2Decompressor)
    if kind is XZ:
        import lzma

        return joined_streams(packed, lzma.LZMADecompressor)
    return joined_streams(packed, _zstd())


def unpacked(ground: Ground, kind: ContainerKind, name: str, size: int) -> Unpacked:
    """Return all bytes of a compressed file; raises `DamagedError` for more than `bound`."""
    with ground.file() as packed, unpacking(kind, packed) as file:
        return Unpacked(spooled(_chunks(b"", file), name, bound(size)))


def holds_tar(ground: Ground, kind: ContainerKind) -> bool:
    """Tell whether a compressed file is a tar archive."""
    with ground.file() as packed, unpacking(kind, packed) as file:
        head = _first(file)
    return kind_of(BytesBlob(head)) is TAR


def glimpse(kind: ContainerKind, blob: Blob) -> str | None:
    """Look at the first unpacked bytes of a compressed file.

    Returns "" where they are known not to be DICOM, nor another container; None where they may be;
    what is wrong where they cannot be seen.
    """
    if kind is ZSTD and not has_zstd():
        return f"that cannot be read without a package: {ZSTD_COMMAND}"
    try:
        with unpacking(kind, cast("IO[bytes]", BlobFile(blob))) as file:
            head = _first(file)
    except UnreadableError:
        raise
    except broken_errors() as error:
        if trouble := trouble_behind(error):
            return f"that cannot be read: {trouble.strerror}"
        return "that is damaged: unpack it with its own program"
    return None if _promising(head) else ""


def _first(file: IO[bytes]) -> bytes:
    head = b""
    while len(head) < _GLIMPSE and (more := file.read(_GLIMPSE - len(head))):
        head += more
    return head


def _promising(head: bytes) -> bool:
    """Tell whether bytes begin like DICOM or like a container."""
    try:
        layout_of(BytesBlob(head), head)
    except NotDicomError:
        return kind_of(BytesBlob(head)) is not None
    except (CutError, UnsureError):
        pass
    return True


def _chunks(head: bytes, file: IO[bytes]) -> Iterator[bytes]:
    yield head
    yield from iter(partial(file.read, _CHUNK), b"")


_NOT_DICOM: Final = "neither a DICOM prefix nor a data set's first element was found"


def _zstd() -> Callable[[], Decompressor]:
    try:
        if sys.version_info >= (3, 14):
            from compression.zstd import ZstdDecompressor
        else:
            from backports.zstd import ZstdDecompressor
    except ImportError:
        raise FerryError("zstd cannot be read", hint=ZSTD_COMMAND) from None
    return ZstdDecompressor
