"""Blobs: bytes that are read at any offset, of a file, an archive's member, or memory."""

from __future__ import annotations

import os
import stat
import time
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import accumulate
from threading import Lock
from typing import TYPE_CHECKING, Protocol, TypeVar
from weakref import finalize

from dicomferry.dicom.passing import PAUSES, may_pass
from dicomferry.errors import DamagedError, UnreadableError

if TYPE_CHECKING:
    from tempfile import SpooledTemporaryFile

T = TypeVar("T")


class Blob(Protocol):
    """A known number of bytes that do not change while they are read."""

    @property
    def size(self) -> int:
        """How many bytes there are."""

    def read(self, start: int, length: int) -> bytes:
        """Return exactly `length` bytes.

        Raises `UnreadableError` when they cannot be had now, and `DamagedError` when they are not
        what they should be.
        """

    def close(self) -> None:
        """Close what the blob opened."""


class FileBlob:
    """A stretch of a file; raises when another program changes the file meanwhile.

    A read that fails for a reason that may pass is tried again, in the file opened anew: an NFS
    server that was restarted knows the old handle no more (ESTALE).
    """

    __slots__ = ("_descriptor", "_modified", "_name", "_path", "_start", "size")

    def __init__(self, path: str, name: str) -> None:
        self._name = name
        self._path = path
        self._start = 0
        self._descriptor = -1
        try:
            status = self._open()
        except OSError as error:
            status = self._again(error, self._open)
        self._modified = status.st_mtime_ns, status.st_size
        self.size = status.st_size

    def narrow(self, start: int, size: int) -> None:
        """Keep a stretch only; the caller has seen that it lies in the file."""
        self._start = start
        self.size = size

    def read(self, start: int, length: int) -> bytes:
        """Return exactly `length` bytes; raises `UnreadableError` when they cannot be had now."""
        try:
            data = os.pread(self._descriptor, length, self._start + start)
            if len(data) < length:
                data = self._rest(data, start, length)
            status = os.fstat(self._descriptor)
        except OSError as error:
            data, status = self._again(error, lambda: self._read_anew(start, length))
        if (status.st_mtime_ns, status.st_size) != self._modified:
            raise UnreadableError(f"{self._name}: was changed while it was read")
        return data

    def _open(self) -> os.stat_result:
        # Without O_NONBLOCK, opening a pipe waits for somebody who writes to it.
        descriptor = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        self.close()
        self._descriptor = descriptor
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            self.close()
            raise UnreadableError(f"{self._name}: is a folder, pipe, socket or device, and no file")
        return status

    def _read_anew(self, start: int, length: int) -> tuple[bytes, os.stat_result]:
        self._open()
        data = os.pread(self._descriptor, length, self._start + start)
        data = self._rest(data, start, length)
        return data, os.fstat(self._descriptor)

    def _again(self, error: OSError, attempt: Callable[[], T]) -> T:
        """Try again what has failed, while the reason may pass; else raise `UnreadableError`."""
        for pause in PAUSES:
            if not may_pass(error):
                break
            time.sleep(pause)
            try:
                return attempt()
            except OSError as once_more:
                error = once_more
        self.close()
        raise UnreadableError(f"{self._name}: cannot be read: {error.strerror}") from error

    def _rest(self, data: bytes, start: int, length: int) -> bytes:
        # `pread` may return fewer bytes than asked for, above all of long stretches.
        while len(data) < length:
            more = os.pread(self._descriptor, length - len(data), self._start + start + len(data))
            if not more:
                raise UnreadableError(f"{self._name}: became shorter while it was read")
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
            try:
                data = os.pread(self._descriptor, length, start)
            except OSError as error:
                words = f"{self._name}: what was unpacked cannot be read: {error.strerror}"
                raise UnreadableError(words) from error
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


class Pieced:
    """New bytes and stretches of another blob, one behind the other."""

    __slots__ = ("_blob", "_pieces", "_starts", "size")

    def __init__(self, pieces: Sequence[bytes | tuple[int, int]], blob: Blob) -> None:
        self._blob = blob
        self._pieces = tuple(pieces)
        sizes = [len(one) if isinstance(one, bytes) else one[1] - one[0] for one in pieces]
        self._starts = [0, *accumulate(sizes)]
        self.size = self._starts[-1]

    def read(self, start: int, length: int) -> bytes:
        """Return exactly `length` bytes; raises `DamagedError` when they cannot be had."""
        if start + length > self.size:
            raise DamagedError(f"{self.size} bytes, {start + length} were expected")
        found: list[bytes] = []
        number, at, stop = bisect_right(self._starts, start) - 1, start, start + length
        while at < stop:
            begin = self._starts[number]
            low, high = at - begin, min(stop, self._starts[number + 1]) - begin
            piece = self._pieces[number]
            if isinstance(piece, bytes):
                found.append(piece[low:high])
            else:
                found.append(self._blob.read(piece[0] + low, high - low))
            at, number = begin + high, number + 1
        return b"".join(found)

    def close(self) -> None:
        """Close the other blob."""
        self._blob.close()
