"""The check that an instance is complete; pydicom reads most truncated files without a warning.

The walk has already made sure that the last element ends where the bytes end, and that
encapsulated pixel data ends with its delimiter. Bytes behind the last element are damage, NULs
too: dcmtk refuses them as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dicomferry.dicom import dictionary
from dicomferry.dicom.part10 import NATIVE
from dicomferry.dicom.walk import BULK_TAGS

if TYPE_CHECKING:
    from dicomferry.dicom.header import Header

_ROWS, _COLUMNS, _BITS_ALLOCATED = 0x00280010, 0x00280011, 0x00280100
_SAMPLES, _FRAMES, _PHOTOMETRIC = 0x00280002, 0x00280008, 0x00280004
NATIVE_LENGTH: Final = (_ROWS, _COLUMNS, _BITS_ALLOCATED, _SAMPLES, _FRAMES, _PHOTOMETRIC)
"""The elements whose values decide the length of native pixel data."""
_PROVIDER_URL = 0x00287FE0
_IMAGE_TYPE, _POSITION, _ORIENTATION = 0x00080008, 0x00200032, 0x00200037
_ACQUIRED = frozenset((_IMAGE_TYPE, _POSITION, _ORIENTATION, _ROWS, _COLUMNS))
_ACQUISITION = 0x0018
_IMAGES_NOT_NAMED_IMAGE = ("Segmentation Storage", "Parametric Map Storage")


def fault_of(header: Header, transfer_syntax_uid: str, media_storage_class: str) -> str:
    """Return what is missing or contradicts the header; empty for a complete instance."""
    elements = header.elements
    if not elements.index:
        return "there is no data set"
    present = [tag for tag in BULK_TAGS if tag in elements]
    expected = native_length(header)
    if not present:
        return _fault_without_pixels(header, media_storage_class)
    tag = present[0]
    if elements.undefined(tag):
        native = transfer_syntax_uid in NATIVE
        return "its pixel data is encapsulated, its transfer syntax is not" if native else ""
    found = elements.value_length(tag)
    # Longer pixel data is common and harmless: scanners pad to blocks.
    if expected is not None and found < expected:
        return f"its pixel data has {found} bytes, its header implies {expected}"
    return ""


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
