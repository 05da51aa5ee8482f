"""Heads: what is in front of a value, with the VR that readers take it for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from dicomferry.dicom import dictionary
from dicomferry.dicom.mending.notes import shown, shown_vr
from dicomferry.dicom.syntax import LONG, SHORT, UNDEFINED, CutError, Syntax, UnsureError, is_new_vr
from dicomferry.dicom.values import trim
from dicomferry.dicom.walk import BULK_TAGS, is_of_pixels

if TYPE_CHECKING:
    from dicomferry.dicom.mending.notes import Notes
    from dicomferry.dicom.mending.original import Original
    from dicomferry.dicom.mending.parts import Part

_PIXEL_REPRESENTATION = 0x00280103


class ElementHead(Struct, frozen=True):
    """The head of an element: where it and its value start, its VR, and its length."""

    at: int
    tag: int
    vr: str
    value: int
    length: int
    plain: bool
    """Whether the VR is written as it should be."""

    @property
    def name(self) -> str:
        """Tag and VR for a message."""
        return f"{shown(self.tag)} {self.vr}".rstrip()


class Heads:
    """Reads the heads of one data set; `found` are the elements in front, of the same item."""

    def __init__(self, original: Original, notes: Notes) -> None:
        self._original = original
        self._notes = notes

    def read(self, at: int, end: int, read: Syntax, found: dict[int, Part]) -> ElementHead:
        """Return the head at byte `at`; raises `CutError` and `UnsureError`."""
        head = self._original.peek(at, min(12, end - at))
        if head[:4] == b"DICM":
            # An empty preamble reads as elements (0000,0000); this is the prefix behind it.
            raise UnsureError(
                f"another instance begins at byte {at - 128}: two files stand in one, take them"
                " apart"
            )
        order = read.order
        tag = int.from_bytes(head[:2], order) << 16 | int.from_bytes(head[2:4], order)
        if tag >> 16 == 0xFFFE:
            return ElementHead(at, tag, "", at + 8, int.from_bytes(head[4:8], order), plain=True)
        if read.implicit:
            vr = self._known_vr(tag, found)
            return ElementHead(at, tag, vr, at + 8, int.from_bytes(head[4:8], order), plain=True)
        field = head[4:6]
        if field in SHORT:
            length = int.from_bytes(head[6:8], order)
            return ElementHead(at, tag, field.decode(), at + 8, length, plain=True)
        if field in LONG or is_new_vr(field, head[6:8]):
            if len(head) < 12:
                raise CutError(f"{shown(tag)} at byte {at} is cut short before its value")
            length = int.from_bytes(head[8:12], order)
            if tag in BULK_TAGS and not is_of_pixels(field, length):
                # dcmtk reads such pixels as OW, too.
                vr = "OB" if length == UNDEFINED else self._known_vr(tag, found)
                return self._misread(ElementHead(at, tag, vr, at + 12, length, plain=False), field)
            return ElementHead(at, tag, field.decode(), at + 12, length, plain=True)
        if _is_letters(field):
            raise UnsureError(f"{shown(tag)} at byte {at} has the unknown VR {field.decode()}")
        vr, length = self._known_vr(tag, found), int.from_bytes(head[6:8], order)
        return self._misread(ElementHead(at, tag, vr, at + 8, length, plain=False), field)

    def _misread(self, head: ElementHead, field: bytes) -> ElementHead:
        self._notes.add(
            f"{shown(head.tag)} at byte {head.at} has the VR {shown_vr(field)}: read as {head.vr}"
        )
        return head

    def _known_vr(self, tag: int, found: dict[int, Part]) -> str:
        known = dictionary.standard_vr(tag)
        if not known and dictionary.is_private(tag):
            creator = found.get(tag & 0xFFFF0000 | tag >> 8 & 0xFF)
            value = self._original.value_of(creator) if creator else b""
            name = trim(value.decode("latin-1"), "LO")
            known = dictionary.private_vr(tag, name) if name else ""
        if len(known) == 2:
            return known
        if "US" in known:
            sign = found.get(_PIXEL_REPRESENTATION)
            is_signed = sign and "SS" in known and 1 in self._original.value_of(sign)[:2]
            return "SS" if is_signed else "US"
        return "OW" if "OW" in known else "UN"


def _is_letters(vr: bytes) -> bool:
    return vr.isalpha() and vr.isupper()
