"""What the standard's and the vendors' dictionaries say about tags (PS3.6), by way of pydicom."""

from __future__ import annotations

from functools import cache


@cache
def tag_of(keyword: str) -> int | None:
    """Return the tag of a keyword, or None for a word that is no keyword."""
    from pydicom.datadict import tag_for_keyword

    return tag_for_keyword(keyword)


@cache
def keyword_of(tag: int) -> str:
    """Return the keyword of a tag; `(gggg,eeee)` where it has none."""
    from pydicom.datadict import keyword_for_tag

    return keyword_for_tag(tag) or f"({tag >> 16:04X},{tag & 0xFFFF:04X})"


@cache
def standard_vr(tag: int) -> str:
    """Return the VR of PS3.6, such as `LO` or `US or SS`; empty for an unknown tag."""
    from pydicom.datadict import dictionary_VR

    if tag & 0xFFFF == 0:
        return "UL"  # group lengths, PS3.5 7.2
    if is_creator(tag):
        return "LO"  # private creators, PS3.5 7.8.1
    try:
        return dictionary_VR(tag)
    except KeyError:
        return ""


@cache
def private_vr(tag: int, creator: str) -> str:
    """Return the VR a vendor's dictionary gives a private element; empty where it is unknown."""
    from pydicom.datadict import private_dictionary_VR

    try:
        return private_dictionary_VR(tag, creator)
    except KeyError:
        return ""


@cache
def keywords() -> tuple[str, ...]:
    """Return every keyword of PS3.6."""
    from pydicom._dicom_dict import DicomDictionary

    return tuple(entry[4] for entry in DicomDictionary.values() if entry[4])


def is_private(tag: int) -> bool:
    """Say whether a tag is private: its group is odd."""
    return bool(tag & 0x10000)


def is_creator(tag: int) -> bool:
    """Say whether a tag reserves a block of private elements: (odd,0010) to (odd,00FF)."""
    return is_private(tag) and 0x10 <= tag & 0xFFFF <= 0xFF
