"""Unpacking: compressed bytes become a blob, up to a limit."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING

from dicomferry.dicom.blob import SpooledBlob
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


def inflated(blob: Blob, start: int, name: str) -> SpooledBlob:
    """Return the data set deflated behind byte `start` (PS3.5 A.5); raises `DamagedError`."""
    return spooled(inflate(blob, start, name), name)


def inflate(blob: Blob, start: int, name: str) -> Iterator[bytes]:
    """Yield the inflated bytes of a stream at byte `start` (RFC 1951); raises `DamagedError`."""
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
        raise DamagedError(f"{name}: cannot be inflated") from error
    if not stream.eof:
        raise DamagedError(f"{name}: its deflated bytes are cut short")
