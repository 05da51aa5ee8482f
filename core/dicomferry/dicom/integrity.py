"""The check that an instance is complete; pydicom reads most truncated files without a warning.

The walk has already made sure that the last element ends where the bytes end, and that
encapsulated pixel data ends with its delimiter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from dicomferry.dicom import dictionary
from dicomferry.dicom.part10 import NATIVE, is_encapsulated
from dicomferry.dicom.walk import BULK_TAGS, PIXEL_DATA

if TYPE_CHECKING:
    from dicomferry.dicom.header import Header

_ROWS, _COLUMNS, _BITS_ALLOCATED = 0x00280010, 0x00280011, 0x00280100
_SAMPLES, _FRAMES, _PHOTOMETRIC = 0x00280002, 0x00280008, 0x00280004
NATIVE_LENGTH: Final = (_ROWS, _COLUMNS, _BITS_ALLOCATED, _SAMPLES, _FRAMES, _PHOTOMETRIC)
"""The elements whose values decide the length of native pixel data."""
_NO_FRAGMENT = 16
"""Bytes of an empty offset table and a delimiter, with nothing between them (PS3.5 A.4)."""
_PROVIDER_URL = 0x00287FE0
_IMAGE_TYPE, _POSITION, _ORIENTATION = 0x00080008, 0x00200032, 0x00200037
_ACQUIRED = frozenset((_IMAGE_TYPE, _POSITION, _ORIENTATION, _ROWS, _COLUMNS))
_ACQUISITION = 0x0018
_LEAST_PIXELS = 4096
"""Bytes of a private element that may be pixels."""
_IMAGES_NOT_NAMED_IMAGE = ("Segmentation Storage", "Parametric Map Storage")


NO_PIXEL_DATA: Final = "no-pixel-data"
"""The code of an image without pixel data, which a recipe can allow."""


class Fault(Struct, frozen=True):
    """Why an instance is not complete, and at which element; an empty `code` cannot be allowed."""

    text: str
    code: str = ""
    tag: int = 0
    """The pixel data that is at fault; 0 where there is none."""


def fault_of(header: Header, transfer_syntax_uid: str, media_storage_class: str) -> Fault | None:
    """Return what is missing or contradicts the header; None for a complete instance."""
    elements = header.elements
    if not elements.index:
        return Fault("there is no data set")
    present = [tag for tag in BULK_TAGS if tag in elements]
    expected = native_length(header)
    if not present:
        text = _fault_without_pixels(header, media_storage_class)
        return Fault(text + _held_elsewhere(header), NO_PIXEL_DATA) if text else None
    tag = present[0]
    if elements.undefined(tag):
        if transfer_syntax_uid not in NATIVE:
            empty = elements.value_length(tag) <= _NO_FRAGMENT
            return Fault("its pixel data has no fragment", tag=tag) if empty else None
        return Fault("its pixel data is encapsulated, its transfer syntax is not", tag=tag)
    if tag == PIXEL_DATA and is_encapsulated(transfer_syntax_uid):
        return Fault("its pixel data is not encapsulated, its transfer syntax says so", tag=tag)
    found = elements.value_length(tag)
    # Longer pixel data is common and harmless: scanners pad to blocks.
    if expected is not None and found < expected:
        text = f"its pixel data has {found} bytes, its header implies {expected}"
        return Fault(text, tag=tag)
    return None


def native_length(header: Header) -> int | None:
    """Return the least length in bytes of native pixel data (PS3.5 8.1.1); None if unknown."""
    rows, columns, bits = (_number(header, tag) for tag in (_ROWS, _COLUMNS, _BITS_ALLOCATED))
    if not rows or not columns or not bits:
        return None
    samples = _number(header, _SAMPLES) or 1
    bits *= rows * columns * (_number(header, _FRAMES) or 1)
    photometric = header.text(_PHOTOMETRIC) or ""
    # Chrominance at half the rate: two samples for a pixel, or one and a half (PS3.3 C.7.6.3.1.2).
    if samples == len(("Y", "CB", "CR")) and photometric.endswith("_422"):
        bits *= 2
    elif samples == len(("Y", "CB", "CR")) and photometric.endswith("_420"):
        bits += bits // 2
    else:
        bits *= samples
    return (bits + 7) // 8


def _fault_without_pixels(header: Header, media_storage_class: str) -> str:
    """Return why pixel data must be missing; empty where an instance may well have none.

    An image has pixel data or says where it is (PS3.3 C.7.6.3). An instance of an image's SOP class
    with an element of its acquisition was cut; without such an element it may be test data.
    """
    if _PROVIDER_URL in header:
        return ""
    # Rows and columns prove nothing: spectroscopy has them too, and no pixels.
    if _SAMPLES in header or _PHOTOMETRIC in header:
        return "its pixels are described, but its pixel data is missing"
    if all(tag in header for tag in (_ROWS, _COLUMNS, _BITS_ALLOCATED)):
        return "it has rows and columns, but no pixel data"
    sop_class = header.ref.sop_class_uid or media_storage_class
    acquired = any(tag in _ACQUIRED or tag >> 16 == _ACQUISITION for tag in header.tags())
    return "it is an image, but has no pixel data" if acquired and _is_image(sop_class) else ""


def _held_elsewhere(header: Header) -> str:
    """Name the private element that seems to hold the pixels, as Philips' PMSCT_RLE1 does."""
    elements = header.elements
    private = [tag for tag in elements.index if dictionary.is_private(tag)]
    largest = max(private, key=elements.value_length, default=0)
    if not largest or elements.value_length(largest) < _LEAST_PIXELS:
        return ""
    size = elements.value_length(largest)
    return f"; {dictionary.keyword_of(largest)} holds {size} bytes, which may be its pixels"


def _number(header: Header, tag: int) -> int | None:
    raw = header.raw(tag)
    if raw is None:
        return None
    if len(raw) == 2 and header.vr(tag) == "US":
        return int.from_bytes(raw, header.elements.syntax.order)
    text = (header.text(tag) or "").split("\\")[0].strip()
    return int(text) if text.isdecimal() else None


def _is_image(sop_class_uid: str) -> bool:
    name = dictionary.uid_name(sop_class_uid)
    return "Image Storage" in name or name in _IMAGES_NOT_NAMED_IMAGE
