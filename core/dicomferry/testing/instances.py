"""Instances made by code: whole, small, and the same for the same attributes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from io import BytesIO
from typing import TYPE_CHECKING

from dicomferry.dicom.header import Header
from dicomferry.model import Location

if TYPE_CHECKING:
    from pydicom import Dataset

_MR_IMAGE = "1.2.840.10008.5.1.4.1.1.4"
_SIDE = 8
"""Rows and columns of the image."""


def instance_bytes(attributes: Mapping[str, object]) -> bytes:
    """Return a Part 10 file: a gray MR image with `attributes` by keyword.

    What is not given is made up; None leaves an attribute out. A UID that is not given follows
    from the attributes, so that two files differ in it where they differ at all.
    """
    from pydicom import dcmwrite
    from pydicom.dataset import FileMetaDataset
    from pydicom.uid import UID, ExplicitVRLittleEndian

    dataset = _dataset(attributes)
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = dataset.get("SOPClassUID", _MR_IMAGE)
    meta.MediaStorageSOPInstanceUID = dataset.get("SOPInstanceUID", "2.25.1")
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = UID("2.25.2")
    dataset.file_meta = meta
    buffer = BytesIO()
    dcmwrite(buffer, dataset, enforce_file_format=True)
    return buffer.getvalue()


def header_of(
    attributes: Mapping[str, object],
    names: Mapping[str, str] | None = None,
    row: Mapping[str, str] | None = None,
) -> Header:
    """Return the header that a transform or an identifier sees of such an instance.

    `names` are what templates see as `path.*`, `row` as `row.*`.
    """
    location = Location("(made up)")
    return Header.of(_dataset(attributes), location=location, names=names or {}, row=row or {})


def _dataset(attributes: Mapping[str, object]) -> Dataset:
    from pydicom import Dataset

    seed = repr(sorted((name, str(value)) for name, value in attributes.items()))
    filled: dict[str, object] = {
        "SpecificCharacterSet": "ISO_IR 192",
        "SOPClassUID": _MR_IMAGE,
        "SOPInstanceUID": _uid(seed, "instance"),
        "StudyInstanceUID": _uid(seed, "study"),
        "SeriesInstanceUID": _uid(seed, "series"),
        "Modality": "MR",
        "PatientName": "DOE^JOHN",
        "PatientID": "P1",
        "StudyDate": "20050102",
        "StudyTime": "093000",
        "StudyID": "1",
        "AccessionNumber": "A1",
        "SeriesNumber": 1,
        "InstanceNumber": 1,
    }
    dataset = Dataset()
    for keyword, value in (filled | dict(attributes)).items():
        if value is not None:
            setattr(dataset, keyword, value)
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.Rows = dataset.Columns = _SIDE
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 12, 11
    dataset.PixelRepresentation = 0
    dataset.add_new("PixelData", "OW", b"\x01\x02" * _SIDE * _SIDE)
    return dataset


def _uid(seed: str, what: str) -> str:
    # PS3.5 B.2: a UUID's number below 2.25
    digest = hashlib.sha256(f"{what} of {seed}".encode()).digest()
    return f"2.25.{int.from_bytes(digest[:16], 'big')}"
