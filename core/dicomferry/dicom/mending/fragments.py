"""Fragments: encapsulated pixel data whose odd fragments are padded (PS3.5 A.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dicomferry.dicom.mending.parts import Part
from dicomferry.dicom.syntax import (
    ITEM,
    SEQUENCE_END,
    UNDEFINED,
    CutError,
    Syntax,
    UnsureError,
    item_header,
)

if TYPE_CHECKING:
    from dicomferry.dicom.mending.heads import ElementHead
    from dicomferry.dicom.mending.notes import Notes
    from dicomferry.dicom.mending.original import Original

_OFFSET_TABLE = 0x7FE00001


class Fragments:
    """Reads the fragments of one element; `found` are the elements in front of it."""

    def __init__(
        self,
        original: Original,
        notes: Notes,
        head: ElementHead,
        read: Syntax,
        found: dict[int, Part],
    ) -> None:
        self._original = original
        self._notes = notes
        self._head = head
        self._read = read
        self._found = found
        # Where the first fragment starts, and by how much each that follows an odd one moves.
        self._first = 0
        self._shifts: list[tuple[int, int]] = []
        self._table: tuple[int, int] | None = None

    def padded(self, end: int) -> tuple[Part, int]:
        """Return the fragments and their delimiter, and where they end in the original."""
        part, at = Part([], 0), self._head.value
        while end - at >= 8:
            tag, length = item_header(self._original.peek(at, 8), 0, self._read)
            if tag == SEQUENCE_END:
                part.add((at, at + 8))
                return (self._with_offsets(part) if self._shifts else part), at + 8
            if tag != ITEM or length == UNDEFINED:
                raise UnsureError(f"{self._place}: no fragment at byte {at}")
            value, stop = at + 8, at + 8 + length
            if stop > end:
                raise CutError(
                    f"the fragment at byte {at} needs {length} bytes, {end - value} are left"
                )
            if self._table is None:
                self._table, self._first = (value, stop), stop
            self._add(part, at, stop)
            at = stop
        raise CutError(f"{self._place} has no end")

    @property
    def _place(self) -> str:
        return f"{self._head.name} at byte {self._head.at}"

    def _add(self, part: Part, at: int, stop: int) -> None:
        """Add one fragment, padded where it is odd."""
        length = stop - at - 8
        if length % 2 == 0:
            part.add((at, stop))
            return
        self._notes.add(f"the fragment at byte {at} has the odd length {length}: padded")
        part.add(self._original.peek(at, 4) + (length + 1).to_bytes(4, self._read.order))
        part.add((at + 8, stop))
        part.add(b"\0")
        part.changed = True
        self._shifts.append((stop - self._first, len(self._shifts) + 1))

    def _with_offsets(self, part: Part) -> Part:
        """Return fragments whose Basic Offset Table counts the padding."""
        if _OFFSET_TABLE in self._found:
            raise UnsureError(
                f"{self._place} has fragments of odd length, which its Extended Offset Table"
                " counts on"
            )
        start, stop = self._table or (0, 0)
        if start == stop:
            return part
        whole = Part([], 0, changed=True)
        whole.add((start - 8, start))
        whole.add(self._offsets(start, stop))
        skipped = False
        for piece in part.pieces:
            if not skipped and not isinstance(piece, bytes):
                skipped = True
                if piece[1] > self._first:
                    whole.add((self._first, piece[1]))
                continue
            whole.add(piece)
        return whole

    def _offsets(self, start: int, stop: int) -> bytes:
        old, order = self._original.read(start, stop), self._read.order
        if len(old) % 4:
            raise UnsureError(f"the Basic Offset Table at byte {start} has {len(old)} bytes")
        offsets = [int.from_bytes(old[i : i + 4], order) for i in range(0, len(old), 4)]
        new, shift, at = [], 0, 0
        for offset in sorted(offsets):
            while at < len(self._shifts) and self._shifts[at][0] <= offset:
                shift = self._shifts[at][1]
                at += 1
            new.append(offset + shift)
        return b"".join(offset.to_bytes(4, order) for offset in new)
