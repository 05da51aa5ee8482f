"""The layout of a file: preamble, meta group, and the data set's start (PS3.10 section 7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from dicomferry.dicom import dictionary
from dicomferry.dicom.editing import Setting, lay
from dicomferry.dicom.edits import Set
from dicomferry.dicom.elements import Elements
from dicomferry.dicom.encode import encode_element, padded
from dicomferry.dicom.syntax import (
    BIG,
    EXPLICIT,
    IMPLICIT,
    LONG,
    SHORT,
    CutError,
    Syntax,
    UnsureError,
)
from dicomferry.dicom.values import trim
from dicomferry.dicom.walk import OUT_OF_PLACE_IN_META
from dicomferry.dicom.window import HEAD
from dicomferry.errors import NotDicomError

if TYPE_CHECKING:
    from dicomferry.dicom.blob import Blob

IMPLICIT_LITTLE = "1.2.840.10008.1.2"
EXPLICIT_LITTLE = "1.2.840.10008.1.2.1"
EXPLICIT_BIG = "1.2.840.10008.1.2.2"
# Each deflated transfer syntax, and that of its inflated data set (PS3.5 A.5, A.4.9).
DEFLATED = {
    "1.2.840.10008.1.2.1.99": EXPLICIT_LITTLE,
    "1.2.840.10008.1.2.4.95": "1.2.840.10008.1.2.4.94",
    "1.2.840.10008.1.2.4.205": "1.2.840.10008.1.2.4.204",
}
_COMPRESSED = ("1.2.840.10008.1.2.4.", "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.8.")
# JPIP: no pixel data, but the URL of a provider (PS3.5 A.6).
_REFERENCED = frozenset(f"1.2.840.10008.1.2.4.{last}" for last in (94, 95, 204, 205))
NATIVE = frozenset((IMPLICIT_LITTLE, EXPLICIT_LITTLE, EXPLICIT_BIG))
# GE's private syntax: implicit VR little endian, but for big endian pixel data.
_GE_BIG_PIXELS = "1.2.840.113619.5.2"

MEDIA_STORAGE_DIRECTORY = "1.2.840.10008.1.3.10"
META_GROUP_LENGTH = 0x00020000
META_SOP_CLASS, META_SOP_INSTANCE, META_TRANSFER_SYNTAX = 0x00020002, 0x00020003, 0x00020010
_IMPLEMENTATION_CLASS_UID = "2.25.212763018964409165213747523906133184577"
_IMPLEMENTATION_VERSION = "DICOMFERRY"
_PREFIX = 132


def is_encapsulated(transfer_syntax_uid: str) -> bool:
    """Say whether a transfer syntax of PS3.5 A.4 has its pixel data encapsulated."""
    return transfer_syntax_uid.startswith(_COMPRESSED) and transfer_syntax_uid not in _REFERENCED


class Layout(Struct, frozen=True):
    """What is in front of a data set: preamble with `DICM`, and meta group; either may be missing.

    `start` is the data set's offset in the file. `declared` is the transfer syntax UID of the meta
    group; where it is empty, `syntax` comes from the first element. `implicit_meta` says that the
    file has the meta group in implicit VR; `meta` is in explicit VR all the same.
    """

    preamble: bytes
    meta: Elements | None
    start: int
    declared: str
    syntax: Syntax
    implicit_meta: bool = False

    @property
    def transfer_syntax_uid(self) -> str:
        """The transfer syntax UID, for a deflated file that of the inflated bytes."""
        if self.declared:
            return DEFLATED.get(self.declared, self.declared)
        if self.syntax.implicit:
            return IMPLICIT_LITTLE
        return EXPLICIT_LITTLE if self.syntax.little else EXPLICIT_BIG

    @property
    def sop_class_uid(self) -> str:
        """Media Storage SOP Class UID; empty where it is missing."""
        return _uid(self.meta, META_SOP_CLASS)


def layout_of(blob: Blob, head: bytes) -> Layout:
    """Return the layout of a file that begins with `head`.

    Raises `NotDicomError` for other files, `UnsureError` and `CutError` for a damaged meta group.
    """
    if head[128:_PREFIX] == b"DICM":
        at = _PREFIX
    elif head[:2] == b"\2\0" and head[4:6] in SHORT | LONG:
        at = 0
    else:
        return Layout(b"", None, 0, "", _guess(head, blob.size, needed=True))
    implicit = head[at : at + 2] == b"\2\0" and _is_implicit(head[at + 4 : at + 8])
    if implicit:
        end, head = _meta_end(blob, head, at, IMPLICIT)
        written = explicit_meta(head[at:end])
    else:
        end, head = _meta_end(blob, head, at, EXPLICIT)
        written = head[at:end]
    meta = Elements.of(written, EXPLICIT, OUT_OF_PLACE_IN_META) if end > at else None
    declared = _uid(meta, META_TRANSFER_SYNTAX)
    if meta is not None:
        _check_meta(meta, declared, at if not implicit else None)
    syntax = _syntax_of(declared) or _guess(head[end:], blob.size - end, needed=False)
    return Layout(head[:at], meta, end, declared, syntax, implicit)


def _check_meta(meta: Elements, declared: str, start: int | None) -> None:
    """Raise `UnsureError` for a meta group that readers cannot read a data set by.

    `start` is the byte of the file at which the meta group starts; None where `meta` is not written
    as the file has it.
    """

    def place(tag: int) -> str:
        at = "" if start is None else f" at byte {start + meta.index[tag][0]}"
        return f"(0002,{tag & 0xFFFF:04X}){at}"

    length = meta.index.get(META_GROUP_LENGTH)
    if length is not None and length[3] != b"UL":
        raise UnsureError(f"{place(META_GROUP_LENGTH)} has the VR {length[3].decode()}, not UL")
    if declared and not declared.replace(".", "").isdecimal():
        raise UnsureError(
            f"{place(META_TRANSFER_SYNTAX)} is no UID, so that the transfer syntax is not known"
        )


def _is_implicit(field: bytes) -> bool:
    """Say whether four bytes are the length of a meta element that has no VR."""
    return field[:2] not in SHORT | LONG and field[2:] == b"\0\0"


def explicit_meta(data: bytes) -> bytes:
    """Return a meta group that was written in implicit VR as it should be (PS3.10 7.1)."""
    elements = Elements.of(data, IMPLICIT, OUT_OF_PLACE_IN_META)
    parts = []
    for tag in elements.tags():
        known = dictionary.standard_vr(tag)
        parts.append(_element(tag, known if len(known) == 2 else "UN", elements.raw(tag) or b""))
    return b"".join(parts)


def _syntax_of(declared: str) -> Syntax | None:
    if declared in ("", "0"):
        return None
    if declared in (IMPLICIT_LITTLE, _GE_BIG_PIXELS):
        return IMPLICIT
    return BIG if declared == EXPLICIT_BIG else EXPLICIT


def _meta_end(blob: Blob, head: bytes, at: int, syntax: Syntax) -> tuple[int, bytes]:
    """Return where group 0002 ends, and a longer head; its group length is often wrong.

    An element that occurs again is not of the group any more.
    """
    seen: set[bytes] = set()
    while True:
        if at + 12 > len(head) and len(head) < blob.size:
            head = blob.read(0, min(blob.size, at + HEAD))
        tag, vr = head[at : at + 4], head[at + 4 : at + 6]
        if tag[:2] != b"\2\0" or tag in seen:
            return at, head
        seen.add(tag)
        if at + 8 > blob.size:
            raise CutError(f"the file meta information is cut short at byte {at}")
        if syntax.implicit:
            at += 8 + int.from_bytes(head[at + 4 : at + 8], "little")
        elif vr in LONG:
            at += 12 + int.from_bytes(head[at + 8 : at + 12], "little")
        elif vr in SHORT:
            at += 8 + int.from_bytes(head[at + 6 : at + 8], "little")
        else:
            raise UnsureError(f"the file meta information at byte {at} has no VR")
        if at > blob.size:
            raise CutError(f"the file meta information is cut short at byte {blob.size}")


def _guess(head: bytes, size: int, *, needed: bool) -> Syntax:
    """Return the syntax that the first element is encoded in.

    With `needed`, the element must be of group 0008 and known: nothing else says that the file is
    DICOM. Raises `NotDicomError`.
    """
    order: Literal["big", "little"] = "big" if head[:2] == b"\0\x08" else "little"
    tag = int.from_bytes(head[:2], order) << 16 | int.from_bytes(head[2:4], order)
    vr = head[4:6]
    known = tag >> 16 == 8 and dictionary.standard_vr(tag)
    if vr in SHORT | LONG and (known == vr.decode() or not needed):
        return EXPLICIT if order == "little" else BIG
    length = int.from_bytes(head[4:8], "little")
    following = head[8 + length : 12 + length]
    plausible = known and length <= min(size, HEAD) and following[:2] in (b"\x08\0", b"\x10\0")
    if not needed or (order == "little" and plausible):
        return IMPLICIT
    raise NotDicomError("neither a DICOM prefix nor a data set's first element was found")


def _uid(elements: Elements | None, tag: int) -> str:
    raw = elements.raw(tag) if elements else None
    return trim(raw.decode("latin-1"), "UI") if raw else ""


def front(layout: Layout, uids: dict[int, str], edited: frozenset[int]) -> bytes:
    """Return preamble and meta group; `uids` are the data set's own, by meta tag.

    Of a meta group that the file has, only the UIDs in `edited` change, and (0002,0000).
    """
    preamble = layout.preamble or b"\0" * 128 + b"DICM"
    if layout.meta is None:
        return preamble + _new_meta(uids)
    meta = layout.meta
    changes = [
        Set((tag,), uid, "UI")
        for tag, uid in sorted(uids.items())
        if tag in edited and uid and uid != _uid(meta, tag)
    ]
    return preamble + (lay(meta, changes, Setting()) if changes else meta).encoded()


def _new_meta(uids: dict[int, str]) -> bytes:
    values = {
        0x00020001: ("OB", b"\0\1"),
        **{tag: ("UI", uid.encode("latin-1")) for tag, uid in uids.items() if uid},
        0x00020012: ("UI", _IMPLEMENTATION_CLASS_UID.encode()),
        0x00020013: ("SH", _IMPLEMENTATION_VERSION.encode()),
    }
    body = b"".join(_element(tag, *value) for tag, value in sorted(values.items()))
    return _element(0x00020000, "UL", len(body).to_bytes(4, "little")) + body


def _element(tag: int, vr: str, raw: bytes) -> bytes:
    return encode_element(tag, vr, padded(raw, vr), EXPLICIT)[0]
