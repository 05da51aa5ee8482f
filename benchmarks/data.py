"""Makes the benchmarks' instances: it encodes one, and patches copies of its bytes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from dicomferry.dicom.made_up import part10

if TYPE_CHECKING:
    from pydicom import Dataset

CT, MR = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4"
ENHANCED_MR = "1.2.840.10008.5.1.4.1.1.4.1"
PROJECT = "LEGACY"
TO_A_SESSION = 200
"""Instances of one study, half of them in each of two series."""

_ROOT = "1.2.826.0.1.3680043.10.1561"
_SESSION, _SERIES, _INSTANCE = (f"{_ROOT}.{kind}.10000000" for kind in (1, 2, 3))
_PATIENT = "PAT10000000"


def make_ct(folder: Path, count: int) -> Path:
    """Write `count` instances of 512 x 512 pixels: 525 KB, 90 elements."""
    return _written(folder, count, _image(CT, "CT", 512))


def make_mr(folder: Path, count: int) -> Path:
    """Write `count` instances of 128 x 128 pixels: 35 KB, 90 elements."""
    return _written(folder, count, _image(MR, "MR", 128))


def make_tiny(folder: Path, count: int) -> Path:
    """Write `count` instances of 16 x 16 pixels."""
    return _written(folder, count, _image(MR, "MR", 16))


def make_deep(folder: Path, count: int) -> Path:
    """Write `count` small instances with 1,000 elements, most of them in nested sequences."""
    dataset = _image(MR, "MR", 64)
    dataset.ReferencedSeriesSequence = _nested(6, 4)
    return _written(folder, count, dataset)


def make_multi_frame(folder: Path, megabytes: int) -> Path:
    """Write one enhanced multi-frame instance of `megabytes` MB; its pixel data is a hole."""
    frames = megabytes * 1_000_000 // (512 * 512 * 2)
    dataset = _image(ENHANCED_MR, "MR", 512)
    dataset.NumberOfFrames = frames
    dataset.PerFrameFunctionalGroupsSequence = [_frame(number) for number in range(frames)]
    del dataset.PixelData
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "enhanced.dcm").open("wb") as file:
        file.write(part10(dataset))
        length = frames * 512 * 512 * 2
        file.write(b"\xe0\x7f\x10\x00OW\0\0" + length.to_bytes(4, "little"))
        file.truncate(file.tell() + length)
    return folder


def _written(folder: Path, count: int, dataset: Dataset) -> Path:
    patched = _patcher(part10(dataset))
    for number in range(count):
        session, position = divmod(number, TO_A_SESSION)
        series = session * 2 + position * 2 // TO_A_SESSION
        place = folder / f"patient{session:05d}" / f"series{series % 2}"
        if position % (TO_A_SESSION // 2) == 0:
            place.mkdir(parents=True, exist_ok=True)
        path = place / f"image{position:05d}.dcm"
        path.write_bytes(patched(session, series, number))
    return folder


def _patcher(content: bytes) -> Callable[[int, int, int], bytes]:
    """Return a function that makes the bytes of an instance; only numbers in UIDs differ."""

    def patched(session: int, series: int, number: int) -> bytes:
        made = content
        for name, value in zip(
            (_PATIENT, _SESSION, _SERIES, _INSTANCE),
            (session, session, series, number),
            strict=True,
        ):
            old, new = name.encode(), f"{name[:-8]}{value + 10_000_000:08d}".encode()
            made = made.replace(old, new)
        return made

    return patched


def _image(sop_class: str, modality: str, rows: int) -> Dataset:
    from pydicom import Dataset
    from pydicom.uid import UID

    dataset = Dataset()
    for keyword, value in _COMMON.items():
        setattr(dataset, keyword, value)
    dataset.SOPClassUID, dataset.Modality = UID(sop_class), modality
    dataset.Rows = dataset.Columns = rows
    block = dataset.private_block(0x0019, "BENCHMARK VENDOR", create=True)
    for element in range(20):
        block.add_new(element, "LO", f"private value {element}")
    dataset.add_new(0x7FE00010, "OW", bytes(range(256)) * (rows * rows * 2 // 256))
    return dataset


def _nested(width: int, depth: int) -> list[Dataset]:
    from pydicom import Dataset

    items = []
    for number in range(width if depth == 4 else 2):
        item = Dataset()
        item.SeriesInstanceUID = f"{_ROOT}.9.{number}"
        for keyword in ("SeriesDescription", "Modality", "InstanceNumber", "StudyDate"):
            setattr(item, keyword, _COMMON.get(keyword, "MR"))
        if depth:
            item.ReferencedSeriesSequence = _nested(width, depth - 1)
        items.append(item)
    return items


def _frame(number: int) -> Dataset:
    from pydicom import Dataset

    content, position, item = Dataset(), Dataset(), Dataset()
    content.InStackPositionNumber = number + 1
    content.DimensionIndexValues = [1, number + 1]
    position.ImagePositionPatient = [0, 0, number]
    item.FrameContentSequence, item.PlanePositionSequence = [content], [position]
    return item


_COMMON: dict[str, object] = {
    "SpecificCharacterSet": "ISO_IR 100", "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"],
    "InstanceCreationDate": "20090402", "InstanceCreationTime": "101112", "StudyDate": "20090402",
    "SOPInstanceUID": _INSTANCE, "StudyInstanceUID": _SESSION, "SeriesInstanceUID": _SERIES,
    "SeriesDate": "20090402", "AcquisitionDate": "20090402", "ContentDate": "20090402",
    "StudyTime": "101112", "SeriesTime": "101213", "AcquisitionTime": "101314",
    "ContentTime": "101415", "AccessionNumber": "A0001", "Manufacturer": "BENCHMARK",
    "InstitutionName": "Seaside Hospital", "InstitutionAddress": "1 Shore Road",
    "ReferringPhysicianName": "REFERRING^ANN", "StationName": "SCANNER1",
    "StudyDescription": "HEAD ROUTINE", "SeriesDescription": "T1 AXIAL",
    "InstitutionalDepartmentName": "Radiology", "PerformingPhysicianName": "PERFORMING^BO",
    "OperatorsName": "OPERATOR^CY", "ManufacturerModelName": "BENCH 3000",
    "PatientName": f"{_PATIENT}^GIVEN", "PatientID": _PATIENT, "PatientBirthDate": "19500101",
    "PatientSex": "O", "PatientAge": "059Y", "PatientWeight": "70", "PatientSize": "1.7",
    "EthnicGroup": "UNKNOWN", "PatientComments": "transferred from the old archive",
    "BodyPartExamined": "HEAD", "ScanningSequence": "SE", "SequenceVariant": "NONE",
    "ScanOptions": "", "MRAcquisitionType": "2D", "SequenceName": "se1", "SliceThickness": "5",
    "KVP": "120", "RepetitionTime": "500", "EchoTime": "15", "NumberOfAverages": "1",
    "ImagingFrequency": "63.6", "ImagedNucleus": "1H", "EchoNumbers": "1",
    "MagneticFieldStrength": "1.5", "SpacingBetweenSlices": "6",
    "NumberOfPhaseEncodingSteps": "128", "EchoTrainLength": "1", "PercentSampling": "100",
    "PercentPhaseFieldOfView": "100",
    "PixelBandwidth": "130", "DeviceSerialNumber": "12345", "SoftwareVersions": "1.0",
    "ProtocolName": "head routine", "FlipAngle": "90", "PatientPosition": "HFS",
    "StudyID": "1", "SeriesNumber": "1", "AcquisitionNumber": "1", "InstanceNumber": "1",
    "ImagePositionPatient": ["0", "0", "0"],
    "ImageOrientationPatient": ["1", "0", "0", "0", "1", "0"],
    "FrameOfReferenceUID": f"{_ROOT}.4.1", "PositionReferenceIndicator": "", "SliceLocation": "0",
    "SamplesPerPixel": 1, "PhotometricInterpretation": "MONOCHROME2", "PixelSpacing": ["1", "1"],
    "BitsAllocated": 16, "BitsStored": 12, "HighBit": 11, "PixelRepresentation": 0,
    "SmallestImagePixelValue": 0, "LargestImagePixelValue": 4095, "WindowCenter": "40",
    "WindowWidth": "400", "RescaleIntercept": "0", "RescaleSlope": "1",
}  # fmt: skip
