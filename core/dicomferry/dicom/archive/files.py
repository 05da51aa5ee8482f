"""What a container is made of: a file on the disk, or the unpacked member of another container."""

from __future__ import annotations

import io
from typing import IO, TYPE_CHECKING, Protocol, cast
from weakref import finalize

from msgspec import Struct

from dicomferry.dicom.blob import Blob, FileBlob, Stretch
from dicomferry.errors import DamagedError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


class Ground(Protocol):
    """The bytes of a container."""

    def file(self) -> IO[bytes]:
        """Open them as a file, at its start; closing it does not lose them."""

    def cut(self, start: int, size: int, label: str) -> Blob:
        """Return a stretch of them; raises `DamagedError` where the container ends before."""


class OnDisk(Struct, frozen=True):
    """A file: its stretches are read in place."""

    path: str

    def file(self) -> IO[bytes]:
        """Open the file."""
        return open(self.path, "rb")  # noqa: PTH123  the caller closes it

    def cut(self, start: int, size: int, label: str) -> Blob:
        """Return a stretch of the file, which is opened for it."""
        whole = FileBlob(self.path, label)
        if start + size > whole.size:
            whole.close()
            raise DamagedError(f"{label}: the archive is cut short")
        whole.narrow(start, size)
        return whole


class Unpacked:
    """The bytes of a blob, which is closed once nobody needs them any more."""

    __slots__ = ("__weakref__", "_blob")

    def __init__(self, blob: Blob) -> None:
        self._blob = blob
        finalize(self, blob.close)

    def file(self) -> IO[bytes]:
        """Return the bytes as a file."""
        return cast("IO[bytes]", io.BufferedReader(BlobFile(self._blob, owner=self)))

    def cut(self, start: int, size: int, label: str) -> Blob:
        """Return a stretch of the bytes."""
        if start + size > self._blob.size:
            raise DamagedError(f"{label}: the archive is cut short")
        return Stretch(_Kept(self._blob, self), start, size)


class _Kept:
    """A blob that stays open as long as somebody reads a stretch of it."""

    __slots__ = ("_blob", "_owner", "size")

    def __init__(self, blob: Blob, owner: Unpacked) -> None:
        self._blob = blob
        self._owner = owner
        self.size = blob.size

    def read(self, start: int, length: int) -> bytes:
        return self._blob.read(start, length)

    def close(self) -> None:
        """Leave the blob to its owner."""


class BlobFile(io.RawIOBase):
    """A blob as a file, for the modules of Python that want one; closing it leaves the blob."""

    def __init__(self, blob: Blob, owner: object = None) -> None:
        super().__init__()
        self._blob = blob
        self._owner = owner
        self._at = 0

    def readable(self) -> bool:
        """Say yes."""
        return True

    def seekable(self) -> bool:
        """Say yes."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Read as many bytes as fit, and are there."""
        room = memoryview(buffer).cast("B")
        count = max(0, min(len(room), self._blob.size - self._at))
        if count:
            room[:count] = self._blob.read(self._at, count)
            self._at += count
        return count

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to an offset."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._blob.size}[whence]
        if start + offset < 0:
            raise OSError("before the first byte")
        self._at = start + offset
        return self._at

    def tell(self) -> int:
        """Return the offset."""
        return self._at
