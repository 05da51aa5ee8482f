"""What an instance says, whatever transfer syntax its uncompressed data are written in."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Final

from dicomferry.dicom.dictionary import keyword_of
from dicomferry.dicom.elements import Elements
from dicomferry.dicom.instance import Instance

_LENGTH_TO_END: Final = 0x00080001
_TRAILING_PADDING: Final = 0xFFFCFFFC
_PIXEL_DATA: Final = 0x7FE00010
_WORDS: Final[Mapping[str, int]] = {
    **dict.fromkeys(("US", "SS", "OW", "AT", "US or SS", "US or OW", "OB or OW"), 2),
    **dict.fromkeys(("UL", "SL", "FL", "OF", "OL"), 4),
    **dict.fromkeys(("FD", "OD", "SV", "UV", "OV"), 8),
}
"""The bytes of one number by VR; all other values have no byte order (PS3.5 7.3)."""
_UNDEFINED: Final = "encapsulated in "


def content_of(instance: Instance) -> dict[str, str]:
    """Return a digest of each element by its keyword, or its tag where it has none.

    Left aside are the transfer syntax of uncompressed data, group lengths, Data Set Trailing
    Padding and the padding of values. What is encapsulated counts with its transfer syntax.
    Raises `DamagedError` and the errors of `walk` where the data set cannot be read.
    """
    data = b"".join(instance.data_set(instance.header).chunks())
    elements = Elements.of(data, instance.header.elements.syntax)
    found = {keyword_of(tag): digest for tag, digest in _digests(elements)}
    if _PIXEL_DATA in elements and elements.undefined(_PIXEL_DATA):
        found["PixelData"] += f" {_UNDEFINED}{instance.transfer_syntax_uid}"
    return found


def content_digest_of(content: Mapping[str, str]) -> str:
    """Return one hex SHA-256 of what `content_of` returns."""
    return hashlib.sha256(repr(sorted(content.items())).encode()).hexdigest()


def differing(one: Mapping[str, str], other: Mapping[str, str]) -> list[str]:
    """Return the keywords of the elements that two contents do not share, in order."""
    return sorted(key for key in one.keys() | other.keys() if one.get(key) != other.get(key))


def _digests(elements: Elements) -> Iterator[tuple[int, str]]:
    for tag in elements.tags():
        if tag & 0xFFFF and tag not in (_LENGTH_TO_END, _TRAILING_PADDING):
            yield tag, hashlib.sha256(b"".join(_value(elements, tag))).hexdigest()


def _value(elements: Elements, tag: int) -> Iterator[bytes]:
    if elements.is_sequence(tag):
        for item in elements.items(tag):
            yield repr(list(_digests(item.elements))).encode()
        return
    raw = elements.raw(tag) or b""
    vr = elements.vr(tag)
    if vr in ("", "UN"):
        vr = elements.known_vr(tag) or vr
    width = _WORDS.get(vr, 0)
    if width and not elements.syntax.little:
        raw = _swapped(raw, width)
    # What follows a text is padding; of a value of unknown VR nobody knows.
    yield raw if width or vr in ("OB", "UN", "") else raw.rstrip(b" \0")


def _swapped(raw: bytes, width: int) -> bytes:
    whole = len(raw) // width * width
    turned = bytearray(raw)
    for at in range(width):
        turned[at:whole:width] = raw[width - 1 - at : whole : width]
    return bytes(turned)
