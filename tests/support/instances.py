"""Many instances at once, patched from one that is encoded; what makes it is dicomferry's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from dicomferry.dicom.made_up import MR_IMAGE, SOP_CLASSES, image, made_up_uid, part10, pixels
from dicomferry.dicom.part10 import EXPLICIT_LITTLE

if TYPE_CHECKING:
    from pydicom import Dataset

__all__ = [
    "CT_IMAGE",
    "ENHANCED_MR_IMAGE",
    "EXPLICIT_LITTLE",
    "MR_IMAGE",
    "image",
    "make_instances",
    "part10",
    "pixels",
    "uid",
]

CT_IMAGE = SOP_CLASSES["CT"]
ENHANCED_MR_IMAGE = "1.2.840.10008.5.1.4.1.1.4.1"


def uid(*names: object) -> str:
    """Return a UID that is always the same for the same names."""
    return made_up_uid("/".join(map(str, names)))


def make_instances(
    folder: Path,
    count: int,
    *,
    sessions: int = 4,
    series: int = 2,
    rows: int = 16,
    patients: int | None = None,
) -> list[Path]:
    """Write `count` small MR instances without extension and return their paths.

    Instance i belongs to session `i % sessions`: one patient (`MC0000`, `MC0001`, …), one study
    and `series` series each; `patients` says how many patients have them all. One is encoded, the
    others are patched.
    """
    paths = []
    for path, content in _patched(folder, count, sessions, series, rows, patients or sessions):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        paths.append(path)
    return paths


def _patched(
    folder: Path, count: int, sessions: int, series: int, rows: int, patients: int
) -> Iterator[tuple[Path, bytes]]:
    template = part10(_template(rows))
    for i in range(count):
        session, number = i % sessions, i // sessions
        one_series = session * series + number % series
        content = (
            template.replace(b"9001", b"%04d" % (number % series + 1))
            .replace(b"900002", b"%06d" % (number // series + 1))
            .replace(_numbered(1, 0), _numbered(1, session))
            .replace(_numbered(2, 0), _numbered(2, one_series))
            .replace(_numbered(3, 0), _numbered(3, i))
            .replace(b"MC0000", b"MC%04d" % (session % patients))
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
