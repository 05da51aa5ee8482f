"""The window: the stretch of a blob that a walk has in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dicomferry.dicom.syntax import CutError

if TYPE_CHECKING:
    from dicomferry.dicom.blob import Blob

HEAD = 1 << 16
_MOST_HELD = 1 << 29
"""Bytes of one data set that are held in memory; only damage asks for more."""


class Window:
    """The stretch of a blob in memory during a walk; it grows, and leaves bulk values out.

    Offsets count from the blob's byte `origin`. `kept` are the earlier stretches.
    """

    __slots__ = ("_blob", "_origin", "base", "data", "kept", "size")

    def __init__(self, blob: Blob, origin: int, head: bytes = b"") -> None:
        self._blob = blob
        self._origin = origin
        self.size = blob.size - origin
        self.base = 0
        self.data = head
        self.kept: list[tuple[int, bytes]] = []

    def reach(self, end: int) -> None:
        """Read the bytes up to `end` into memory; raises `CutError` when there are fewer."""
        if end > self.size:
            raise CutError(f"the data set ends at byte {self.size}, {end} were expected")
        held = self.base + len(self.data)
        if end > held:
            if end - self.base > _MOST_HELD:
                raise CutError(f"its elements take more than {_MOST_HELD >> 20} MiB without pixels")
            ahead = min(self.size, max(end, held + max(HEAD, len(self.data))))
            self.data += self._blob.read(self._origin + held, ahead - held)

    def bulk(self, tag: int, vr: bytes, start: int) -> None:  # noqa: ARG002  for `head`
        """Hold what is in front of the bulk value of an element, which starts at `start`."""
        self.reach(start)

    def skip(self, start: int, stop: int) -> None:
        """Drop the bytes from `start` to `stop`, and go on behind them."""
        self.kept.append((self.base, self.data[: start - self.base]))
        self.data = self.data[stop - self.base :]
        self.base = stop

    def peek(self, start: int, length: int) -> bytes:
        """Return `length` bytes without keeping them; raises `CutError` when there are fewer."""
        at = start - self.base
        if at >= 0 and at + length <= len(self.data):
            return self.data[at : at + length]
        if start + length > self.size:
            raise CutError(f"the data set ends at byte {self.size}, more was expected")
        return self._blob.read(self._origin + start, length)

    def finish(self, end: int) -> tuple[tuple[int, bytes], ...]:
        """Return the stretches in memory, up to `end`, with the offset of each."""
        last = (self.base, self.data[: end - self.base])
        return tuple(part for part in (*self.kept, last) if part[1])
