"""What both of XNAT's libraries make of the values of an element."""

from __future__ import annotations

from typing import Final

from dicomferry.dicom import dictionary
from dicomferry.dicom.header import Header
from dicomferry.dicom.text import CHARACTER_SET
from dicomferry.xnat.reading.errors import UnforeseeableError

SINGLE_TEXT: Final = frozenset(("LT", "ST", "UT"))
"""VRs in which a backslash is text."""

ASCII_TEXT: Final = frozenset(("AE", "AS", "CS", "DA", "DS", "DT", "IS", "TM", "UI", "UR"))
NUMBERS: Final = frozenset(("AT", "SL", "SS", "SV", "UL", "US", "UV"))
"""VRs of whole numbers; a tag is one of eight hexadecimal digits."""


def read_vr(header: Header, tag: int) -> str:
    """Return the VR by which a library decodes an element that is there.

    Both take the VR of the dictionary where none is written, or UN. Raises `UnforeseeableError` for
    a private element without a VR whose vendor's dictionary the server may have or not.
    """
    written = header.written_vr(tag)
    if written not in ("", "UN"):
        return written
    vr = header.vr(tag) or "UN"
    if dictionary.is_private(tag) and not dictionary.is_creator(tag):
        if header.known_vr(tag):
            name = dictionary.keyword_of(tag)
            raise UnforeseeableError(f"{name} has no VR, and only a vendor's dictionary knows it")
        return "UN"
    return dictionary.standard_vr(tag) if written == "UN" and dictionary.standard_vr(tag) else vr


def character_set_terms(header: Header) -> list[str]:
    """Return the terms of Specific Character Set as they stand there, without blanks around."""
    raw = header.raw(CHARACTER_SET)
    return [term.strip(" \0") for term in raw.decode("latin-1").split("\\")] if raw else []


def is_plain(raw: bytes) -> bool:
    """Tell whether bytes are the same text in every character set: ASCII without escapes."""
    return raw.isascii() and b"\x1b" not in raw


def first_number(header: Header, tag: int, vr: str) -> str | None:
    """Return the first of an element's `NUMBERS`; None where it has none."""
    found = (header.raw_text(tag) or "").split("\\", 1)[0]
    return (found.strip("()").replace(",", "") if vr == "AT" else found) or None
