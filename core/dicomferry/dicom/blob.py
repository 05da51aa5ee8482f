"""Blobs: bytes that are read at any offset, of a file, an archive's member, or memory."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Protocol
from weakref import finalize

from dicomferry.errors import DamagedError, FerryError

if TYPE_CHECKING:
    from tempfile import SpooledTemporaryFile


class Blob(Protocol):
    """A known number of bytes that do not change while they are read."""

    @property
    def size(self) -> int:
        """How many bytes there are."""

    def read(self, start: int, length: int) -> bytes:
        """Return exactly `length` bytes; raises `DamagedError` when they cannot be had."""

    def close(self) -> None:
        """Close what the blob opened."""


class FileBlob:
    """A stretch of a file; raises when another program changes the file meanwhile."""

    __slots__ = ("_descriptor", "_modified", "_name", "_start", "size")

    def __init__(self, path: str, name: str, start: int = 0, size: int | None = None) -> None:
        self._name = name
        self._start = start
        try:
            self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise FerryError(f"{name}: cannot be read: {error.strerror}") from error
        status = os.fstat(self._descriptor)
        self._modified = status.st_mtime_ns, status.st_size
        self.size = status.st_size - start if size is None else size

    def read(self, start: int, length: int) -> bytes:
        """Return exactly `length` bytes; raises `DamagedError` when they cannot be had."""
        try:
            data = os.pread(self._descriptor, length, self._start + start)
            if len(data) < length:
                data = self._rest(data, start, length)
            status = os.fstat(self._descriptor)
        except OSError as error:
            raise DamagedError(f"{self._name}: reading failed: {error.strerror}") from error
        if (status.st_mtime_ns, status.st_size) != self._modified:
            raise DamagedError(f"{self._name}: was changed while it was read")
        return data

    def _rest(self, data: bytes, start: int, length: int) -> bytes:
        # `pread` may return fewer bytes than asked for, above all of long stretches.
        while len(data) < length:
            more = os.pread(self._descriptor, length - len(data), self._start + start + len(data))
            if not more:
                raise DamagedError(f"{self._name}: became shorter while it was read")
            data += more
        return data

    def close(self) -> None:
        """Close the file, once: its number may be another file's later."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


class BytesBlob:
    """Bytes in memory."""

    __slots__ = ("_data", "size")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.size = len(data)

    def read(self, start: int, length: int) -> bytes:
        """Return exactly `length` bytes; raises `DamagedError` when there are fewer."""
        data = self._data[start : start + length]
        if len(data) != length:
            raise DamagedError(f"{self.size} bytes, {start + length} were expected")
        return data

    def close(self) -> None:
        """Keep the bytes: nothing was opened."""


class SpooledBlob:
    """Unpacked bytes: in memory while they are few, else in a temporary file."""

    __slots__ = ("__weakref__", "_descriptor", "_file", "_lock", "_name", "size")

    def __init__(
        self, file: SpooledTemporaryFile[bytes], size: int, name: str, *, on_disk: bool
    ) -> None:
        file.flush()
        self._file = file
        self._descriptor = file.fileno() if on_disk else None
        self._lock = Lock()
        self._name = name
        self.size = size
        finalize(self, file.close)

    def read(self, start: int, length: int) -> bytes:
        """Return exactly `length` bytes; raises `DamagedError` when there are fewer."""
        if self._descriptor is not None:
            # Forked processes share the file's position, so `pread` has its own.
            data = os.pread(self._descriptor, length, start)
        else:
            with self._lock:
                self._file.seek(start)
                data = self._file.read(length)
        if len(data) != length:
            raise DamagedError(f"{self._name}: {self.size} bytes, {start + length} were expected")
        return data

    @contextmanager
    def whole(self) -> Iterator[SpooledTemporaryFile[bytes]]:
        """Lend the file that holds the bytes, at its start; a lock keeps other readers out."""
        with self._lock:
            self._file.seek(0)
            yield self._file

    def close(self) -> None:
        """Delete the unpacked bytes."""
        self._file.close()


class Stretch:
    """A stretch of another blob, which stays open for other stretches of it."""

    __slots__ = ("_blob", "_start", "size")

    def __init__(self, blob: Blob, start: int, size: int) -> None:
        self._blob = blob
        self._start = start
        self.size = size

    def read(self, start: int, length: int) -> bytes:
        """Return exactly `length` bytes; raises `DamagedError` when they cannot be had."""
        return self._blob.read(self._start + start, length)

    def close(self) -> None:
        """Keep the other blob open."""
