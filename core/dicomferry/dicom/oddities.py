"""What is odd about a data set that is well formed: what receivers stumble over."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from dicomferry.dicom import dictionary
from dicomferry.dicom.encode import LIMITS
from dicomferry.dicom.syntax import LONG, SHORT
from dicomferry.dicom.values import NUMBERS
from dicomferry.dicom.walk import BULK_TAGS

if TYPE_CHECKING:
    from dicomferry.dicom.elements import Elements
    from dicomferry.dicom.header import Header

_SIZES = {"B": 1, "H": 2, "h": 2, "L": 4, "l": 4, "f": 4, "d": 8, "Q": 8, "q": 8}
_VRS = frozenset(vr.decode() for vr in SHORT | LONG)
_LONGEST_UID = 64
_UID = re.compile(rb"(?:0|[1-9][0-9]*)(?:\.(?:0|[1-9][0-9]*))*")
_INTERCHANGED = frozenset(("OB", "OW", "UN", ""))


def odd_elements(header: Header) -> Iterator[str]:
    """Yield what is odd about the elements of a data set, each with its tag; no value is quoted.

    Items of sequences are not looked into.
    """
    elements, last = header.elements, 0
    for tag in elements.index:
        if tag not in elements:
            continue
        name = f"({tag >> 16:04X},{tag & 0xFFFF:04X})"
        if tag < last:
            yield f"{name} stands behind a greater tag"
        last = max(last, tag)
        if what := _odd_element(elements, tag):
            yield f"{name} {what}"


def _is_uid(value: bytes) -> bool:
    return not value or (len(value) <= _LONGEST_UID and _UID.fullmatch(value) is not None)


def _odd_element(elements: Elements, tag: int) -> str:
    vr = elements.vr(tag)
    if vr and vr not in _VRS:
        return f"has the unknown VR {vr}"
    known = dictionary.standard_vr(tag)
    if known and vr and vr not in known.split(" or ") and vr not in _INTERCHANGED:
        return f"has the VR {vr}, PS3.6 says {known}"
    length = elements.value_length(tag)
    if length % 2 and not elements.undefined(tag):
        return f"has the odd length {length}"
    vr = vr or known
    if vr in NUMBERS and tag not in BULK_TAGS and length % _SIZES[NUMBERS[vr]]:
        return f"has {length} bytes, which are no numbers of VR {vr}"
    raw = elements.raw(tag)
    if "UI" in (vr, known) and raw and not all(map(_is_uid, raw.rstrip(b"\0 ").split(b"\\"))):
        return "is no UID (PS3.5 9.1)"
    if vr in LIMITS and raw and max(map(len, raw.split(b"\\"))) > 4 * LIMITS[vr]:
        return f"is longer than VR {vr} holds"
    return ""
