"""What a library does to a pydicom data set becomes edits, and those make the same data set."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pydicom
import pytest
from pydicom import Dataset, Sequence

from dicomferry.dicom.between import edits_between
from dicomferry.dicom.edits import Delete, Set
from dicomferry.dicom.header import Header
from dicomferry.dicom.instance import Instance

NAMES = ["CT_small.dcm", "MR_small_implicit.dcm", "MR_small_bigendian.dcm", "rtplan.dcm",
         "test-SR.dcm", "JPEG2000.dcm"]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_no_change_is_no_edit(
    name: str, wheel_file: Callable[[str], Path], opened: Callable[[Path], Instance]
) -> None:
    header = opened(wheel_file(name)).header
    before = header.dataset()

    assert not edits_between(before, copy.deepcopy(before), header)


@pytest.mark.parametrize("name", NAMES)
def test_changes_are_carried_over(
    name: str, wheel_file: Callable[[str], Path], opened: Callable[[Path], Instance],
    bytes_of: Callable[..., bytes],
) -> None:  # fmt: skip
    instance = opened(wheel_file(name))
    before, after = instance.header.dataset(), instance.header.dataset()
    after.PatientName = "Somebody^Else"
    after.PatientComments = "new"
    del after.StudyDate
    item = Dataset()
    item.StudyID = "7"
    after.RequestAttributesSequence = Sequence([item])

    header = instance.header.edited(edits_between(before, after, instance.header))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        read = pydicom.dcmread(BytesIO(bytes_of(instance.file(header))))
        read.pop("PixelData", None)
        assert read.to_json_dict() == after.to_json_dict()


def test_a_change_in_an_item_touches_that_element_alone() -> None:
    item = Dataset()
    item.PatientID, item.StudyID = "a", "b"
    dataset = Dataset()
    dataset.RequestAttributesSequence = Sequence([item])
    header = Header.of(dataset)
    before, after = header.dataset(), header.dataset()
    after.RequestAttributesSequence[0].StudyID = "c"
    del after.RequestAttributesSequence[0].PatientID

    edits = edits_between(before, after, header)

    assert list(edits) == [
        Delete((0x00400275, 0, 0x00100020)),
        Set((0x00400275, 0, 0x00200010), b"c ", "SH"),
    ]


def test_a_new_character_set_carries_the_text_along() -> None:
    dataset = Dataset()
    dataset.SpecificCharacterSet = "ISO_IR 100"
    dataset.PatientName = "Jérôme"
    dataset.PatientID = "plain"
    header = Header.of(dataset)
    before, after = header.dataset(), header.dataset()
    after.SpecificCharacterSet = "ISO_IR 192"

    edited = header.edited(edits_between(before, after, header))

    assert edited.raw(0x00100010) == "Jérôme".encode()
