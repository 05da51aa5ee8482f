"""The bytes of one object on its way in: in memory while they are few, else in a scratch file."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path
from typing import Final, Protocol

from dicomferry.dicom import Blob, BytesBlob
from dicomferry_plugins._stand_in.site.part10 import (
    make_folder,
    write_all,
    write_file,
)

_PIECE: Final = 1 << 20
"""Bytes that are kept in memory of one object."""


class Content(Protocol):
    """A Part 10 file that is not at its place yet."""

    def open(self) -> Blob:
        """Return its bytes, to be closed."""

    def keep(self, path: Path) -> None:
        """Make it the file at `path`, in full or not at all; raises `OSError`."""

    def close(self) -> None:
        """Drop what was not kept."""


class BytesContent:
    """A file in memory."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def open(self) -> BytesBlob:
        """Return its bytes."""
        return BytesBlob(self._data)

    def keep(self, path: Path) -> None:
        """Write it to `path`."""
        write_file(path, self._data)

    def close(self) -> None:
        """Do nothing: it has no scratch file."""


class Arrival:
    """A Part 10 file that comes piece by piece. Only one thread uses it.

    `front` is what is in front of what comes, `size` how many bytes came. `folder` is where its
    scratch file is made, if it needs one. `sender` is the AE title of who sends it.
    """

    def __init__(self, folder: Path | None, front: bytes = b"", sender: str = "") -> None:
        self.sender = sender
        self.size = 0
        self._folder = folder
        self._data = bytearray(front)
        self._sha256 = hashlib.sha256()
        self._hashed = len(front)
        self._scratch: Path | None = None
        self._descriptor = -1
        self._failure: OSError | None = None

    def write(self, data: bytes | memoryview) -> None:
        """Take the next bytes. A full disk is told by `settle`."""
        self.size += len(data)
        self._data += data
        if len(self._data) >= _PIECE:
            self._flush()

    def settle(self) -> str:
        """Return the SHA-256 of all that came; raises `OSError` where it is not all there."""
        if self._scratch is not None:
            self._flush()
        else:
            self._hash()
        if self._failure is not None:
            raise self._failure
        return self._sha256.hexdigest()

    def open(self) -> Blob:
        """Return its bytes."""
        if self._scratch is None:
            return BytesBlob(bytes(self._data))
        return _FileBlob(self._scratch)

    def keep(self, path: Path) -> None:
        """Make it the file at `path`."""
        if self._scratch is None:
            write_file(path, self._data)
            return
        make_folder(path.parent)
        os.replace(self._scratch, path)  # noqa: PTH105 - Path.replace says less: it is atomic

    def close(self) -> None:
        """Drop what was not kept."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
        if self._scratch is not None:
            self._scratch.unlink(missing_ok=True)

    def _hash(self) -> None:
        with memoryview(self._data) as data:
            self._sha256.update(data[self._hashed :])
        self._hashed = len(self._data)

    def _flush(self) -> None:
        self._hash()
        try:
            if self._failure is None:
                self._write()
        except OSError as error:
            self._failure = error
        self._data.clear()
        self._hashed = 0

    def _write(self) -> None:
        if self._scratch is None:
            self._descriptor, name = tempfile.mkstemp(".part", ".arriving-", self._folder)
            self._scratch = Path(name)
        write_all(self._descriptor, self._data)


class StoredContent:
    """A file at its place."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def open(self) -> Blob:
        """Return its bytes."""
        return _FileBlob(self._path)

    def keep(self, path: Path) -> None:
        """Leave it where it is: nothing that is stored is moved."""

    def close(self) -> None:
        """Leave it where it is."""


def digest_of(content: Content) -> str:
    """Return the SHA-256 of a whole file."""
    sha256, blob = hashlib.sha256(), content.open()
    try:
        for start in range(0, blob.size, _PIECE):
            sha256.update(blob.read(start, min(_PIECE, blob.size - start)))
    finally:
        blob.close()
    return sha256.hexdigest()


class _FileBlob:
    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDONLY)
        self.size = os.fstat(self._descriptor).st_size

    def read(self, start: int, length: int) -> bytes:
        """Return exactly `length` bytes."""
        return os.pread(self._descriptor, length, start)

    def close(self) -> None:
        """Close the file, once."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
