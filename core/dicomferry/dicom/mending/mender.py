"""The mender: it reads elements and items, and returns them as they will be written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dicomferry.dicom import dictionary
from dicomferry.dicom.encode import padding
from dicomferry.dicom.mending.fragments import Fragments
from dicomferry.dicom.mending.heads import ElementHead, Heads
from dicomferry.dicom.mending.notes import Notes, shown
from dicomferry.dicom.mending.original import Original, form_name
from dicomferry.dicom.mending.parts import Part, joined
from dicomferry.dicom.mending.writing import bounded, unbounded
from dicomferry.dicom.mends import ELEMENT_TWICE, SECOND_META_GROUP
from dicomferry.dicom.syntax import (
    EXPLICIT,
    IMPLICIT,
    ITEM,
    ITEM_END,
    SEQUENCE_END,
    UNDEFINED,
    CutError,
    Syntax,
    UnsureError,
    item_header,
)
from dicomferry.dicom.walk import BULK_TAGS, DEPTH, has_fragments

if TYPE_CHECKING:
    from dicomferry.dicom.blob import Blob

_MOST_NULS = 1 << 20
"""NULs behind the last element: more of them are no padding, but something that was lost."""

_BLOCK = 512
"""Bytes of a block, to whose end some programs fill up what they write."""

_MAY_BE_LAST = 0x7FE00000
"""From this tag on, an element is likely to be the last one: pixel data, signatures, padding."""


class Mender:
    """Mends one data set; positions count from the start of the blob.

    `read` is the syntax that the original is written in, `written` that of the parts.
    """

    def __init__(self, blob: Blob, origin: int, meta: frozenset[int]) -> None:
        self.notes = Notes()
        self._original = Original(blob, origin)
        self._heads = Heads(self._original, self.notes)
        self._meta = meta

    def data_set(self, written: Syntax) -> Part:
        """Return the whole data set in the syntax that it should be written in."""
        start, end = self._original.origin, self._original.size
        read = self._original.form(start, end, written)
        if read is not written:
            self.notes.add(
                f"its data set is written in {form_name(read)} VR, its meta group says"
                f" {form_name(written)}"
            )
        return self._elements(start, end, read, written, 0)[0]

    def _elements(
        self, at: int, end: int, read: Syntax, written: Syntax, depth: int, *, is_open: bool = False
    ) -> tuple[Part, int]:
        """Return the elements up to `end`, or up to an item delimitation item, and their end."""
        if depth > DEPTH:
            raise UnsureError(f"at byte {at} sequences are nested more than {DEPTH} deep")
        found: dict[int, Part] = {}
        left_out = False
        closed = not is_open
        while at < end:
            if depth == 0 and self._only_nuls(at, end, next(reversed(found), 0)):
                break
            if end - at < 8:
                raise CutError(f"{end - at} bytes at byte {at} are no element")
            head = self._heads.read(at, end, read, found)
            tag, group = head.tag, head.tag >> 16
            if tag == ITEM_END and is_open:
                at, closed = head.value, True
                break
            if group == 0xFFFE:
                raise UnsureError(f"{shown(tag)} at byte {at} is out of place")
            part, at = self._element(head, end, read, written, depth, found)
            if group in (0, 2):
                self._leave_out(head)
                left_out = True
            else:
                found[tag] = self._only(head, found[tag], part) if tag in found else part
        if not closed:
            raise CutError(f"an item has no end before byte {end}")
        whole = joined(found, written)
        whole.changed = whole.changed or left_out
        return whole, at

    def _leave_out(self, head: ElementHead) -> None:
        again = head.tag in self._meta
        what = "a second time: the first counts" if again else "in the data set: it is left out"
        self.notes.add(
            f"{shown(head.tag)} at byte {head.at} stands {what}", SECOND_META_GROUP if again else ""
        )

    def _only(self, head: ElementHead, first: Part, second: Part) -> Part:
        """Return the one that counts of two parts with the same tag.

        With a value of its own the last one counts for pydicom and dcm4che, which XNAT reads with,
        and the first for dcmtk: a recipe must allow it.
        """
        stands = f"{shown(head.tag)} at byte {head.at} stands a second time"
        if self._original.is_same(first, second):
            self.notes.add(f"{stands}, with the same value: it is left out")
        else:
            self.notes.add(f"{stands}, with another value: the last one counts", ELEMENT_TWICE)
        second.changed = True
        return second

    def _only_nuls(self, at: int, end: int, last: int) -> bool:
        """Say whether nothing but NULs is left behind `last`; raises where these are no padding.

        A block of a disk that was lost reads as NULs, too.
        """
        if any(self._original.peek(at, min(8, end - at))):
            return False
        length = end - at
        if any(self._original.peek(at, min(length, _MOST_NULS + 1))):
            return False
        if at == self._original.origin:
            raise CutError(f"there is no data set, only NULs from byte {at} on")
        if length > _MOST_NULS:
            raise CutError(f"{length} bytes from byte {at} on begin with {_MOST_NULS} NULs")
        if last < _MAY_BE_LAST and length > _BLOCK:
            raise CutError(
                f"{length} NULs stand behind {shown(last)} from byte {at} on: what was there is"
                " lost"
            )
        self.notes.add(f"NULs behind the last element, from byte {at} on, are left out: {length}")
        return True

    def _element(
        self, head: ElementHead, end: int, read: Syntax, written: Syntax, depth: int,
        found: dict[int, Part],
    ) -> tuple[Part, int]:  # fmt: skip
        """Return an element in the syntax it is to be written in, and its end in the original."""
        if head.value > end:
            raise CutError(f"{head.name} at byte {head.at} is cut short before its value")
        if head.length == UNDEFINED:
            return self._without_length(head, end, read, written, depth, found)
        stop = head.value + head.length
        if stop > end:
            raise CutError(
                f"{head.name} at byte {head.at} needs {head.length} bytes,"
                f" {end - head.value} are left"
            )
        if head.vr == "SQ" and head.length and self._has_items(head, read):
            inner, _ = self._items(head, head.value, stop, read, written, depth + 1)
        else:
            inner = Part([], 0)
            inner.add((head.value, stop))
            if head.length % 2:
                odd = f"has the odd length {head.length}: padded"
                self.notes.add(f"{head.name} at byte {head.at} {odd}")
                inner.add(padding(head.vr))
                inner.changed = True
        return bounded(head, inner, stop, read, written), stop

    def _has_items(self, head: ElementHead, read: Syntax) -> bool:
        """Say whether a sequence is one; vendors' dictionaries are not always right."""
        if not read.implicit or not dictionary.is_private(head.tag):
            return True
        return self._original.peek(head.value, 4) == b"\xfe\xff\x00\xe0"

    def _without_length(
        self, head: ElementHead, end: int, read: Syntax, written: Syntax, depth: int,
        found: dict[int, Part],
    ) -> tuple[Part, int]:  # fmt: skip
        """Return an element of undefined length, its delimitation item included."""
        vr, start = head.vr, head.value
        if has_fragments(head.tag, vr.encode()):
            fragments = Fragments(self._original, self.notes, head, read, found)
            inner, stop = fragments.padded(end)
            vr = "OB" if head.tag in BULK_TAGS and read is not written else vr
            return unbounded(head, vr, inner, stop, read, written), stop
        if vr == "SQ" or read.implicit:
            inner, stop = self._items(head, start, end, read, written, depth + 1)
            return unbounded(head, "SQ", inner, stop, read, written), stop
        if vr != "UN":
            raise UnsureError(f"{head.name} at byte {head.at} has no length")
        # UN of undefined length holds implicit VR (PS3.5 6.2.2), but some writers use explicit.
        form = self._original.form_of_items(start, end, IMPLICIT)
        if form is IMPLICIT or read.order == "big":
            inner, stop = self._items(head, start, end, IMPLICIT, IMPLICIT, depth + 1)
            return unbounded(head, "UN", inner, stop, read, written), stop
        self.notes.add(f"{head.name} at byte {head.at} has items in explicit VR: read as SQ")
        inner, stop = self._items(head, start, end, EXPLICIT, written, depth + 1)
        inner.changed = True
        return unbounded(head, "SQ", inner, stop, read, written), stop

    def _items(
        self, head: ElementHead, at: int, end: int, read: Syntax, written: Syntax, depth: int
    ) -> tuple[Part, int]:
        """Return the items of a sequence, and its end; their VR form may be another than `read`."""
        is_open = head.length == UNDEFINED
        place = f"{head.name} at byte {head.at}"
        form = self._original.form_of_items(at, end, read)
        if form is not read:
            self.notes.add(f"{shown(head.tag)} at byte {head.at} has items in {form_name(form)} VR")
        part = Part([], 0, changed=form is not written)
        while at < end:
            if end - at < 8:
                raise CutError(f"{place}: its items do not end with it")
            tag, length = item_header(self._original.peek(at, 8), 0, read)
            if tag == SEQUENCE_END:
                if is_open:
                    part.add((at, at + 8))
                    return part, at + 8
                self.notes.add(f"{place} has a length and a delimiter, too")
                part.changed = True
                at += 8
                continue
            if tag != ITEM:
                raise UnsureError(f"{place}: no item starts at byte {at}")
            item, at = self._item(at, length, end, form, written, depth)
            part.join(item)
        if is_open:
            raise CutError(f"{place} has no end")
        return part, at

    def _item(
        self, at: int, length: int, end: int, form: Syntax, written: Syntax, depth: int
    ) -> tuple[Part, int]:
        value = at + 8
        if length == UNDEFINED:
            inner, stop = self._elements(value, end, form, written, depth, is_open=True)
            part = Part([], 0)
            part.add((at, value))
            part.join(inner)
            part.add((stop - 8, stop))
            return part, stop
        stop = value + length
        if stop > end:
            raise CutError(f"the item at byte {at} needs {length} bytes, {end - value} are left")
        inner, _ = self._elements(value, stop, form, written, depth)
        part = Part([], 0)
        if inner.length == length:
            part.add((at, value))
        else:
            part.add(self._original.peek(at, 4) + inner.length.to_bytes(4, written.order))
        part.join(inner)
        return part, stop
