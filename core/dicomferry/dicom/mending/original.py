"""Original: the bytes of a data set that is mended, read a stretch at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dicomferry.dicom.blob import Pieced
from dicomferry.dicom.syntax import (
    EXPLICIT,
    IMPLICIT,
    ITEM,
    LONG,
    SHORT,
    UNDEFINED,
    Syntax,
    is_new_vr,
    item_header,
)
from dicomferry.dicom.window import HEAD

if TYPE_CHECKING:
    from dicomferry.dicom.blob import Blob
    from dicomferry.dicom.mending.parts import Part

_OTHER_FORM: Final = {IMPLICIT: EXPLICIT, EXPLICIT: IMPLICIT}
_CHUNK = 1 << 20


class Original:
    """Reads a blob; positions count from the blob's start, the data set starts at `origin`."""

    def __init__(self, blob: Blob, origin: int) -> None:
        self._blob = blob
        self.origin = origin
        self.size = blob.size
        self._held, self._base = b"", 0

    def peek(self, at: int, length: int) -> bytes:
        """Return up to `length` bytes; fewer at the end."""
        start = at - self._base
        if start < 0 or start + length > len(self._held):
            self._base = at
            self._held = self._blob.read(at, min(max(length, HEAD), self.size - at))
            start = 0
        return self._held[start : start + length]

    def read(self, start: int, stop: int) -> bytes:
        """Return the bytes of a stretch."""
        return self._blob.read(start, stop - start)

    def value_of(self, part: Part) -> bytes:
        """Return the value of a part that is a short element, or the first bytes of it."""
        whole = Pieced(part.pieces, self._blob)
        return whole.read(0, min(whole.size, 256))[8:]

    def is_same(self, one: Part, other: Part) -> bool:
        """Say whether two parts have the same bytes."""
        if one.length != other.length:
            return False
        left, right = (Pieced(part.pieces, self._blob) for part in (one, other))
        return all(
            left.read(at, size) == right.read(at, size)
            for at in range(0, left.size, _CHUNK)
            for size in (min(_CHUNK, left.size - at),)
        )

    def form(self, at: int, end: int, written: Syntax) -> Syntax:
        """Return the syntax that elements are written in, told by the first of them."""
        other = _OTHER_FORM.get(written)
        if other is None or end - at < 8:
            return written
        head = self.peek(at, 8)
        if head[4:6] in SHORT | LONG:
            return other if written.implicit else written
        return written if written.implicit or not _is_length(head[4:8]) else other

    def form_of_items(self, at: int, end: int, usual: Syntax) -> Syntax:
        """Return the syntax of a sequence's elements, told by the first item that has one."""
        while end - at >= 16:
            tag, length = item_header(self.peek(at, 8), 0, usual)
            if tag != ITEM:
                break
            if length:
                first = self.peek(at + 8, 8)
                if first[:4] == b"\xfe\xff\x0d\xe0":
                    break
                return self.form(at + 8, end if length == UNDEFINED else at + 8 + length, usual)
            at += 8
        return usual


def form_name(syntax: Syntax) -> str:
    """Return the name of a VR form as messages have it."""
    return "implicit" if syntax.implicit else "explicit"


def _is_length(field: bytes) -> bool:
    """Say whether four bytes are a length rather than a blank VR and a short length."""
    if field == b"\xff\xff\xff\xff":
        return True
    is_vr = field[:2] in (b"  ", b"??") or is_new_vr(field[:2], field[2:])
    return field[2:] == b"\0\0" and not is_vr
