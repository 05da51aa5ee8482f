"""Writing: an element laid out around its value, or kept as the original has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dicomferry.dicom.mending.parts import Part, front_of
from dicomferry.dicom.syntax import SHORT, UNDEFINED, Syntax

if TYPE_CHECKING:
    from dicomferry.dicom.mending.heads import ElementHead


def bounded(head: ElementHead, inner: Part, stop: int, read: Syntax, written: Syntax) -> Part:
    """Return an element of defined length around its value."""
    if not inner.changed and head.plain and read is written:
        return _kept(head, stop)
    vr = head.vr
    if vr.encode() in SHORT and inner.length > 0xFFFE and not written.implicit:
        vr = "UN"
    return _laid(front_of(head.tag, vr, inner.length, written), inner)


def unbounded(
    head: ElementHead, vr: str, inner: Part, stop: int, read: Syntax, written: Syntax
) -> Part:
    """Return an element of undefined length; its delimitation item is the end of `inner`."""
    if not inner.changed and head.plain and read is written:
        return _kept(head, stop)
    return _laid(front_of(head.tag, vr, UNDEFINED, written), inner)


def _kept(head: ElementHead, stop: int) -> Part:
    return Part([(head.at, stop)], stop - head.at)


def _laid(front: bytes, inner: Part) -> Part:
    part = Part([], 0)
    part.add(front)
    part.join(inner)
    part.changed = True
    return part
