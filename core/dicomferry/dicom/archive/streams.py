"""A file of compressed streams, one behind the other, as one file of unpacked bytes."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import IO, TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_CHUNK: Final = 1 << 16


class Decompressor(Protocol):
    """What the modules `bz2`, `lzma` and `zstd` unpack one stream with."""

    @property
    def eof(self) -> bool:
        """Tell whether the stream has ended."""

    @property
    def needs_input(self) -> bool:
        """Tell whether there is nothing to unpack until more bytes come."""

    @property
    def unused_data(self) -> bytes:
        """Return the bytes behind the end of the stream."""

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        """Return at most so many unpacked bytes; raises an error for what is no stream."""


def joined_streams(packed: IO[bytes], decompressor: Callable[[], Decompressor]) -> IO[bytes]:
    """Return the unpacked bytes of all streams of a file.

    Bytes behind a stream are another stream, or NULs. Python's own readers pass over anything
    else there, and with it over a stream whose beginning is damaged.
    """
    return io.BufferedReader(_Joined(packed, decompressor), _CHUNK)


class _Joined(io.RawIOBase):
    def __init__(self, packed: IO[bytes], decompressor: Callable[[], Decompressor]) -> None:
        self._packed = packed
        self._decompressor = decompressor
        self._stream = decompressor()
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place; what lies before it is unpacked, from the first stream for one behind.

        Raises `io.UnsupportedOperation` for a place that is told from the end.
        """
        if whence == io.SEEK_END:
            raise io.UnsupportedOperation("nobody knows where compressed streams end")
        place = offset + (self._at if whence == io.SEEK_CUR else 0)
        if place < self._at:
            self._packed.seek(0)
            self._stream, self._at = self._decompressor(), 0
        while self._at < place and (data := self._some(min(_CHUNK, place - self._at))):
            self._at += len(data)
        return self._at

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Fill a buffer; raises `EOFError` where the file ends inside a stream."""
        with memoryview(buffer).cast("B") as view:
            data = self._some(len(view))
            view[: len(data)] = data
        self._at += len(data)
        return len(data)

    def _some(self, most: int) -> bytes:
        while True:
            rest = b""
            if self._stream.eof:
                rest = self._behind()
                if not rest:
                    return b""
                self._stream = self._decompressor()
            elif self._stream.needs_input:
                rest = self._packed.read(_CHUNK)
                if not rest:
                    raise EOFError("the file ends inside a compressed stream")
            if data := self._stream.decompress(rest, most):
                return data

    def _behind(self) -> bytes:
        """Return the first bytes of the next stream; none at the end of the file."""
        rest = self._stream.unused_data.lstrip(b"\0")
        while not rest and (more := self._packed.read(_CHUNK)):
            rest = more.lstrip(b"\0")
        return rest
