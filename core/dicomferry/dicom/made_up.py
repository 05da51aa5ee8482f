"""Instances made up by code, the same bytes for the same attributes: for the tests of recipes, of
plug-ins and of dicomferry itself. `made_up` gives a header without pydicom, `image` a pydicom data
set with pixel data, `part10` a file of it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from io import BytesIO
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from dicomferry.dicom.edits import Delete, Edits
from dicomferry.dicom.elements import Elements
from dicomferry.dicom.header import Header
from dicomferry.dicom.part10 import EXPLICIT_LITTLE
from dicomferry.dicom.syntax import EXPLICIT
from dicomferry.dicom.tags import parse_pattern
from dicomferry.errors import EditError, FerryError
from dicomferry.model import Location

if TYPE_CHECKING:
    from pydicom import Dataset

MR_IMAGE: Final = "1.2.840.10008.5.1.4.1.1.4"

SOP_CLASSES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "MR": MR_IMAGE,
        "CT": "1.2.840.10008.5.1.4.1.1.2",
        "CR": "1.2.840.10008.5.1.4.1.1.1",
        "DX": "1.2.840.10008.5.1.4.1.1.1.1",
        "MG": "1.2.840.10008.5.1.4.1.1.1.2",
        "NM": "1.2.840.10008.5.1.4.1.1.20",
        "PT": "1.2.840.10008.5.1.4.1.1.128",
        "US": "1.2.840.10008.5.1.4.1.1.6.1",
        "XA": "1.2.840.10008.5.1.4.1.1.12.1",
        "RTSTRUCT": "1.2.840.10008.5.1.4.1.1.481.3",
        "SR": "1.2.840.10008.5.1.4.1.1.88.11",
    }
)
"""The SOP class of a made-up instance by modality (PS3.4 B.5); of others secondary capture."""

_SECONDARY_CAPTURE: Final = "1.2.840.10008.5.1.4.1.1.7"

_NO_INSTANCE: Final = "2.25.1"
"""The UID in the meta group of an instance without a SOP Instance UID; it is required there."""

MADE_UP: Final = Location("(made up)")
"""Where a made-up instance is said to have been found."""

_EMPTY: Final = (
    "AccessionNumber", "PatientBirthDate", "PatientID", "PatientName", "PatientSex",
    "ReferringPhysicianName", "StudyDate", "StudyID", "StudyTime",
)  # fmt: skip
"""Type 2 of the patient and study modules (PS3.3 C.7.1.1, C.7.2.1): there, but perhaps empty."""


def made_up(
    given: Mapping[str, str | None],
    seed: str,
    names: Mapping[str, str] = MappingProxyType({}),
    row: Mapping[str, str] = MappingProxyType({}),
) -> Header:
    """Return a valid instance with the attributes `given`; None leaves one out.

    What is not given is made up: an MR image in UTF-8 whose UIDs `seed` decides and whose other
    attributes are empty. Raises `FerryError` for a value that no instance can have.
    """
    header = Header(Elements.of(b"", EXPLICIT), location=MADE_UP)
    modality = given.get("Modality") or "MR"
    filled: dict[str, str | None] = {**identity(seed), **dict.fromkeys(_EMPTY, "")}
    filled["SOPClassUID"] = SOP_CLASSES.get(modality, _SECONDARY_CAPTURE)
    return with_given(header, filled | dict(given)).with_origin(header.location, names, row)


def with_given(header: Header, given: Mapping[str, str | None]) -> Header:
    """Return a header with the attributes `given` laid over it; None removes one."""
    for name, value in sorted(given.items(), key=lambda one: one[0] != "SpecificCharacterSet"):
        pattern = parse_pattern(name)
        try:
            edits = (
                tuple(Delete(path) for path in pattern.matches(header))
                if value is None
                else pattern.setting(header, value)
            )
            header = header.edited(Edits(edits))
        except EditError as error:
            raise FerryError(f"{name}: no instance can have this: {error.message}") from error
    return header


def identity(seed: str) -> Mapping[str, str]:
    """Return by keyword what an MR instance in UTF-8 must have; `seed` decides its UIDs."""
    return {
        "SpecificCharacterSet": "ISO_IR 192",
        "SOPClassUID": MR_IMAGE,
        "SOPInstanceUID": made_up_uid(f"instance of {seed}"),
        "Modality": "MR",
        "StudyInstanceUID": made_up_uid(f"study of {seed}"),
        "SeriesInstanceUID": made_up_uid(f"series of {seed}"),
        "SeriesNumber": "1",
        "InstanceNumber": "1",
    }


def made_up_uid(text: str) -> str:
    """Return a UID that is always the same for the same text (PS3.5 B.2)."""
    digest = hashlib.sha256(text.encode()).digest()
    return f"2.25.{int.from_bytes(digest[:16], 'big')}"


def pixels(seed: object, length: int) -> bytes:
    """Return `length` bytes of 12-bit little-endian noise that `seed` decides."""
    noise = hashlib.shake_128(str(seed).encode()).digest(length)
    return bytes(value & 0x0F if i % 2 else value for i, value in enumerate(noise))


def image(attributes: Mapping[str, object], *, rows: int = 16, frames: int = 1) -> Dataset:
    """Return a gray 16-bit image of `rows` rows and columns with `attributes` by keyword.

    None leaves an attribute out; nothing else is made up but class and modality, which are those
    of MR. The pixel data follow from the SOP Instance UID.
    """
    from pydicom import Dataset

    dataset = Dataset()
    for keyword, value in ({"SOPClassUID": MR_IMAGE, "Modality": "MR"} | dict(attributes)).items():
        if value is not None:
            setattr(dataset, keyword, value)
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.Rows = dataset.Columns = rows
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 12, 11
    dataset.PixelRepresentation = 0
    seed = dataset.get("SOPInstanceUID", "")
    dataset.add_new("PixelData", "OW", pixels(seed, rows * rows * 2 * frames))
    return dataset


def part10(dataset: Dataset) -> bytes:
    """Return `dataset` as a file in explicit VR little endian (PS3.10 7.1)."""
    from pydicom import dcmwrite
    from pydicom.dataset import FileMetaDataset
    from pydicom.uid import UID

    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = dataset.get("SOPClassUID", MR_IMAGE)
    meta.MediaStorageSOPInstanceUID = dataset.get("SOPInstanceUID", _NO_INSTANCE)
    meta.TransferSyntaxUID = UID(EXPLICIT_LITTLE)
    meta.ImplementationClassUID = UID(made_up_uid("made-up instance"))
    meta.ImplementationVersionName = "MADE_UP"
    dataset.file_meta = meta
    buffer = BytesIO()
    dcmwrite(buffer, dataset, enforce_file_format=True)
    return buffer.getvalue()
