"""The names of scans, folders and files."""

from __future__ import annotations

from typing import Any

import pytest

from dicomferry import Edits, Header, Set
from dicomferry.xnat import Generation, reader_of
from dicomferry_plugins._stand_in.site.files import file_name, scan_folder
from support.datasets import dataset_of

READER = reader_of(Generation.XNAT_1_10)


def header_of(**elements: Any) -> Header:
    return Header.of(dataset_of(**elements))


@pytest.mark.parametrize(
    ("number", "folder"),
    [("7", "7"), ("1.5", "1.5"), ("", "1_2_3"), ("a b", "1_2_3"), ("..", "1_2_3")],
)
@pytest.mark.parametrize("generation", Generation)
def test_a_scans_folder_is_its_number_or_else_its_uid(
    number: str, folder: str, generation: Generation
) -> None:
    assert scan_folder(number, "1.2.3", generation) == folder


def test_a_plus_before_the_number_is_read_in_two_ways() -> None:
    assert scan_folder("+07", "1.2.3", Generation.XNAT_1_9) == "1_2_3"
    assert scan_folder("+07", "1.2.3", Generation.XNAT_1_10) == "_07"


def test_a_scan_without_number_and_uid_is_na() -> None:
    assert scan_folder("", "", Generation.XNAT_1_10) == "NA"


def test_a_file_is_named_by_uids_and_numbers() -> None:
    name = file_name(header_of(instance=3, series=2), READER)
    assert name.startswith("1.2.826.0.1.3680043.8.498.77.1-2-3-")
    assert name.endswith(".dcm")


def test_the_hash_is_javas() -> None:
    # List.of(SOPClassUID, SOPInstanceUID).hashCode() & 0xFFFFFFFFL in base 36, by JDK 17
    assert file_name(header_of(), READER).endswith("-16m3mu1.dcm")


def test_a_missing_number_is_spelled_out() -> None:
    assert "-no-value-for-SeriesNumber-" in file_name(header_of(SeriesNumber=None), READER)


def test_a_file_name_is_safe() -> None:
    climbing = Edits.of([Set((0x0020000D,), b"../../etc/x\0", "UI")])
    assert "/" not in file_name(header_of().edited(climbing), READER)
