"""Make DICOM instances by code: valid images, the same bytes on every build."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydicom import Dataset

EXPLICIT_LITTLE = "1.2.840.10008.1.2.1"
MR_IMAGE = "1.2.840.10008.5.1.4.1.1.4"
ENHANCED_MR_IMAGE = "1.2.840.10008.5.1.4.1.1.4.1"
CT_IMAGE = "1.2.840.10008.5.1.4.1.1.2"


def uid(*names: object) -> str:
    """Return a UID that is always the same for the same names (PS3.5 B.2)."""
    digest = hashlib.sha256("/".join(map(str, names)).encode()).digest()
    return f"2.25.{int.from_bytes(digest[:16], 'big')}"


def pixels(seed: object, length: int) -> bytes:
    """Return `length` bytes of 12-bit little-endian noise that `seed` decides."""
    noise = hashlib.shake_128(str(seed).encode()).digest(length)
    return bytes(value & 0x0F if i % 2 else value for i, value in enumerate(noise))


def image(elements: Mapping[str, object], *, rows: int = 16, frames: int = 1) -> Dataset:
    """Return a gray 16-bit image with `elements` by keyword; what they leave out is made up."""
    from pydicom import Dataset

    dataset = Dataset()
    dataset.SOPClassUID = MR_IMAGE
    dataset.Modality = "MR"
    for keyword, value in elements.items():
        setattr(dataset, keyword, value)
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.Rows = dataset.Columns = rows
    dataset.BitsAllocated = 16
    dataset.BitsStored, dataset.HighBit = 12, 11
    dataset.PixelRepresentation = 0
    dataset.add_new("PixelData", "OW", pixels(dataset.SOPInstanceUID, rows * rows * 2 * frames))
    return dataset


def encode(dataset: Dataset) -> bytes:
    """Return `dataset` as a Part 10 file in Explicit VR Little Endian."""
    from pydicom import dcmwrite
    from pydicom.dataset import FileMetaDataset

    meta = FileMetaDataset()
    meta.FileMetaInformationVersion = b"\x00\x01"
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    meta.TransferSyntaxUID = EXPLICIT_LITTLE
    meta.ImplementationClassUID = uid("legacy archive")
    meta.ImplementationVersionName = "LEGACY_1"
    dataset.file_meta = meta
    buffer = BytesIO()
    dcmwrite(buffer, dataset, enforce_file_format=True)
    return buffer.getvalue()


def make_instances(
    folder: Path, count: int, *, sessions: int = 4, series: int = 2, rows: int = 16
) -> list[Path]:
    """Write `count` small MR instances without extension and return their paths.

    Instance i belongs to session `i % sessions`: one patient (`MC0000`, `MC0001`, …), one study
    and `series` series each. One is encoded, the others are patched.
    """
    paths = []
    for path, content in _patched(folder, count, sessions, series, rows):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        paths.append(path)
    return paths


def _patched(
    folder: Path, count: int, sessions: int, series: int, rows: int
) -> Iterator[tuple[Path, bytes]]:
    template = encode(_template(rows))
    for i in range(count):
        session, number = i % sessions, i // sessions
        one_series = session * series + number % series
        content = (
            template.replace(b"9001", b"%04d" % (number % series + 1))
            .replace(b"900002", b"%06d" % (number // series + 1))
            .replace(_numbered(1, 0), _numbered(1, session))
            .replace(_numbered(2, 0), _numbered(2, one_series))
            .replace(_numbered(3, 0), _numbered(3, i))
            .replace(b"MC0000", b"MC%04d" % session)
        )
        content = content[:-8] + i.to_bytes(8, "little")
        yield folder / f"MC{session:04}" / f"S{number % series}" / f"I{number:06}", content


def _numbered(kind: int, number: int) -> bytes:
    """Return a UID of 34 characters: all of one length, so that one replaces another."""
    return b"2.25.%d%028d" % (kind, number)


def _template(rows: int) -> Dataset:
    from pydicom import Dataset

    study, one_series, instance = (_numbered(kind, 0).decode() for kind in (1, 2, 3))
    dataset = image(
        {
            "ImageType": ["ORIGINAL", "PRIMARY", "M"],
            "SOPInstanceUID": instance,
            "StudyDate": "20050102",
            "StudyTime": "093000",
            "AccessionNumber": "A1",
            "Manufacturer": "SIEMENS",
            "InstitutionName": "Old Clinic",
            "StudyDescription": "HEAD",
            "PatientName": "MC0000^Test",
            "PatientID": "MC0000",
            "StudyInstanceUID": study,
            "SeriesInstanceUID": one_series,
            "StudyID": "1",
            "SeriesNumber": "9001",
            "InstanceNumber": "900002",
        },
        rows=rows,
    )
    request = Dataset()
    request.StudyInstanceUID = study
    request.RequestedProcedureID = "R1"
    dataset.RequestAttributesSequence = [request]
    block = dataset.private_block(0x0019, "SIEMENS MR HEADER", create=True)
    block.add_new(0x08, "CS", "IMAGE NUM 4")
    block.add_new(0x0C, "IS", "1000")
    return dataset
