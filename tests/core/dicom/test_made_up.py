"""Instances made up by code are valid, and the same for the same attributes."""

from __future__ import annotations

from pathlib import Path

from dicomferry.dicom.instance import open_instance
from dicomferry.dicom.made_up import image, made_up, part10
from dicomferry.dicom.opening import open_blob
from dicomferry.model import Location

PATIENT_ID, MODALITY, PIXEL_DATA, SOP_CLASS = 0x00100020, 0x00080060, 0x7FE00010, 0x00080016
GIVEN = {"SOPInstanceUID": "1.2.3", "PatientID": "P7", "Modality": None}


def test_a_file_has_what_was_given_and_pixel_data(tmp_path: Path) -> None:
    (tmp_path / "one").write_bytes(part10(image(GIVEN)))
    location = Location(str(tmp_path / "one"))

    with open_instance(open_blob(location), location) as instance:
        header = instance.header

    assert header.text(PATIENT_ID) == "P7"
    assert MODALITY not in header
    assert PIXEL_DATA in header


def test_the_same_attributes_give_the_same_bytes() -> None:
    assert part10(image(GIVEN)) == part10(image(GIVEN))


def test_another_instance_has_other_pixels() -> None:
    assert image(GIVEN).PixelData != image(GIVEN | {"SOPInstanceUID": "1.2.4"}).PixelData


def test_a_header_is_of_the_class_of_its_modality() -> None:
    assert made_up({"Modality": "CT"}, "seed").text(SOP_CLASS) == "1.2.840.10008.5.1.4.1.1.2"


def test_a_seed_decides_the_uids() -> None:
    one, same, other = (made_up({}, seed).ref for seed in ("a", "a", "b"))

    assert one == same
    assert not {one.study_instance_uid, one.series_instance_uid, one.sop_instance_uid} & {
        other.study_instance_uid,
        other.series_instance_uid,
        other.sop_instance_uid,
    }
