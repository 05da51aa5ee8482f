"""The body of a STOW-RS request, which is written while it is sent."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

from dicomferry import FerryError
from dicomferry.dicom import Spliced


class SourceError(FerryError):
    """The bytes to be sent cannot be read."""


class StowBody:
    """One instance as multipart/related (PS3.18 8.6); it has a length, and can be read again.

    requests sends whatever has a length and can be iterated piece by piece.
    """

    def __init__(self, file: Spliced) -> None:
        boundary = uuid4().hex
        self.content_type = f'multipart/related; type="application/dicom"; boundary={boundary}'
        self._head = f"--{boundary}\r\nContent-Type: application/dicom\r\n\r\n".encode()
        self._tail = f"\r\n--{boundary}--\r\n".encode()
        self._file = file

    def __len__(self) -> int:
        return len(self._head) + self._file.length + len(self._tail)

    def __iter__(self) -> Iterator[bytes | memoryview]:
        """Yield the pieces; raises `SourceError`."""
        yield self._head
        try:
            yield from self._file.chunks()
        except FerryError as error:
            raise SourceError(error.message, hint=error.hint) from None
        except OSError as error:
            raise SourceError(error.strerror or str(error)) from None
        yield self._tail
