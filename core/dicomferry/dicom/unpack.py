"""Unpacking: compressed bytes become a blob, up to a limit."""

from __future__ import annotations

import zlib
from collections.abc import Generator, Iterable, Iterator
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING

from dicomferry.dicom.blob import SpooledBlob
from dicomferry.dicom.syntax import LONG, SHORT
from dicomferry.errors import DamagedError

if TYPE_CHECKING:
    from dicomferry.dicom.blob import Blob

_CHUNK = 1 << 20
_IN_MEMORY = 4 << 20
_LIMIT = 16 << 30
_SURE = 1 << 30
_RATIO = 100
"""How much bytes may grow beyond `_SURE`: pixel data shrinks to a tenth, a bomb to a thousandth."""


def bound(packed: int) -> int:
    """Return how many bytes `packed` ones may unpack to, so that no bomb fills the disk."""
    return min(_LIMIT, max(_SURE, packed * _RATIO))


def spooled(chunks: Iterable[bytes], name: str, limit: int = _LIMIT) -> SpooledBlob:
    """Return the bytes of `chunks` as a blob: in memory up to 4 MiB, else in a temporary file.

    Raises `DamagedError` for more than `limit` bytes, such as a zip bomb's.
    """
    file = SpooledTemporaryFile[bytes](max_size=_IN_MEMORY)
    try:
        for chunk in _limited(chunks, name, limit):
            file.write(chunk)
    except BaseException:
        file.close()
        raise
    size = file.tell()
    return SpooledBlob(file, size, name, on_disk=size > _IN_MEMORY)


def _limited(chunks: Iterable[bytes], name: str, limit: int) -> Iterator[bytes]:
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > limit:
            raise DamagedError(f"{name}: unpacks to more than {limit} bytes")
        yield chunk


def inflated(blob: Blob, start: int, name: str) -> tuple[SpooledBlob, int]:
    """Return the data set deflated behind byte `start` (PS3.5 A.5), and where its stream ends.

    Raises `DamagedError`.
    """
    head = blob.read(start, min(8, blob.size - start))
    if head[4:6] in SHORT | LONG or head[:2] == b"\x08\0":
        group, element = head[1::-1].hex().upper(), head[3:1:-1].hex().upper()
        raise DamagedError(
            f"{name}: ({group},{element}) at byte {start} is not deflated, its transfer syntax"
            " says so"
        )
    ends: list[int] = []

    def chunks() -> Iterator[bytes]:
        ends.append((yield from inflate(blob, start, name)))

    return spooled(chunks(), name), ends[0]


def inflate(blob: Blob, start: int, name: str) -> Generator[bytes, None, int]:
    """Yield the inflated bytes of a stream at byte `start`, and return where it ends (RFC 1951).

    Raises `DamagedError`.
    """
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    position = start
    try:
        while position < blob.size and not stream.eof:
            packed = blob.read(position, min(_CHUNK, blob.size - position))
            position += len(packed)
            while packed and not stream.eof:
                yield stream.decompress(packed, _CHUNK)
                packed = stream.unconsumed_tail
        yield stream.flush()
    except zlib.error as error:
        raise DamagedError(
            f"{name}: what is deflated from byte {start} on cannot be inflated"
        ) from error
    if not stream.eof:
        raise DamagedError(f"{name}: its deflated bytes are cut short, at byte {blob.size}")
    return position - len(stream.unused_data)
