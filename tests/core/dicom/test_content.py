"""Two encodings of one instance say the same; two instances do not."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from pydicom import Dataset, Sequence
from pydicom.dataset import FileMetaDataset
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    RLELossless,
)

from dicomferry.dicom.blob import BytesBlob
from dicomferry.dicom.content import content_of, differing
from dicomferry.dicom.instance import open_instance
from dicomferry.model import Location

MR = "1.2.840.10008.5.1.4.1.1.4"


def made(**more: Any) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator = "T-A0100", "SRT"
    dataset = Dataset()
    dataset.SOPClassUID, dataset.SOPInstanceUID = MR, "1.2.3"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = "1.2", "1.2.1"
    dataset.PatientName, dataset.PatientID = "DOE^JANE", "P1"
    dataset.Rows = dataset.Columns = 4
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 12, 11
    dataset.SamplesPerPixel, dataset.PixelRepresentation = 1, 0
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.AnatomicRegionSequence = Sequence([item])
    dataset.PixelData = bytes(range(32))
    for keyword, value in more.items():
        setattr(dataset, keyword, value)
    return dataset


def content(dataset: Dataset, syntax: str = ExplicitVRLittleEndian) -> dict[str, str]:
    if syntax == ExplicitVRBigEndian:
        words = dataset.PixelData
        dataset.PixelData = bytes(words[at ^ 1] for at in range(len(words)))
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = syntax
    file = BytesIO()
    dataset.save_as(file, enforce_file_format=True)
    with open_instance(BytesBlob(file.getvalue()), Location("x")) as instance:
        return content_of(instance)


@pytest.mark.parametrize(
    "syntax", [ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian]
)
def test_the_syntax_of_uncompressed_data_makes_no_difference(syntax: str) -> None:
    assert differing(content(made()), content(made(), syntax)) == []


def test_group_lengths_and_padding_make_no_difference() -> None:
    padded = made(PatientName="DOE^JANE  ")
    padded.add_new(0x00080000, "UL", 500)
    padded.add_new(0xFFFCFFFC, "OB", bytes(64))
    assert differing(content(made()), content(padded)) == []


@pytest.mark.parametrize(
    ("more", "keyword"),
    [
        ({"PatientName": "DOE^JANET"}, "PatientName"),
        ({"PixelData": bytes(32)}, "PixelData"),
        ({"Rows": 1024}, "Rows"),
        ({"AnatomicRegionSequence": Sequence()}, "AnatomicRegionSequence"),
        ({"PatientAge": "012Y"}, "PatientAge"),
    ],
)
def test_elements_that_differ_are_named(more: dict[str, Any], keyword: str) -> None:
    assert differing(content(made()), content(made(**more))) == [keyword]


def test_compressed_pixels_are_others() -> None:
    packed = made()
    packed.file_meta = FileMetaDataset()
    packed.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    packed.compress(RLELossless)
    assert "PixelData" in differing(content(made()), content(packed, RLELossless))
