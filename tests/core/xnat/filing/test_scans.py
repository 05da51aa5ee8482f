"""Scan IDs and file names."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dicomferry.dicom.edits import Edits, Set
from dicomferry.dicom.header import Header
from dicomferry.xnat.filing.scans import (
    file_name,
    merged_scan_id,
    scan_folder,
    scan_ids,
    session_modality,
)

MakeHeader = Callable[..., Header]


@pytest.mark.parametrize(
    ("number", "folder"),
    [("7", "7"), ("1.5", "1.5"), ("", "1_2_3"), ("a b", "1_2_3"), ("..", "1_2_3")],
)
def test_a_scans_folder_is_its_number_or_else_its_uid(number: str, folder: str) -> None:
    assert scan_folder(number, "1.2.3") == folder


def test_a_scan_without_number_and_uid_is_na() -> None:
    assert scan_folder("", "") == "NA"


def test_series_that_share_a_number_are_all_renamed() -> None:
    series = {"1.1": ("1", "MR"), "1.2": ("1", "MR"), "1.3": ("2", "MR"), "1.4": ("1", "")}
    assert scan_ids(series) == {"1.1": "1-MR1", "1.2": "1-MR2", "1.3": "2", "1.4": "1-OT1"}


def test_a_blank_number_gives_the_uid() -> None:
    assert scan_ids({"1.2.3": ("", "MR")}) == {"1.2.3": "1_2_3"}


def test_a_leading_plus_becomes_an_underscore() -> None:
    assert scan_ids({"1.2.3": ("+4", "MR")}) == {"1.2.3": "_4"}


def test_a_merged_scan_takes_the_next_free_id() -> None:
    assert merged_scan_id("1", "MR", {"1", "1-MR1"}) == "1-MR2"


@pytest.mark.parametrize(
    ("modalities", "modality"),
    [(["CT", "PT"], "PT"), (["PT", "MR"], "PETMR"), (["SR", "CT"], "CT"), ([""], "OT")],
)
def test_a_sessions_modality_is_the_most_telling(modalities: list[str], modality: str) -> None:
    assert session_modality(modalities) == modality


def test_a_file_is_named_by_uids_and_numbers(header: MakeHeader) -> None:
    name = file_name(header(instance=3, series=2))
    assert name.startswith("1.2.826.0.1.3680043.8.498.77.1-2-3-")
    assert name.endswith(".dcm")


def test_the_hash_is_javas(header: MakeHeader) -> None:
    # List.of(SOPClassUID, SOPInstanceUID).hashCode() & 0xFFFFFFFFL in base 36, by JDK 17
    assert file_name(header()).endswith("-16m3mu1.dcm")


def test_a_missing_number_is_spelled_out(header: MakeHeader) -> None:
    assert "-no-value-for-SeriesNumber-" in file_name(header(SeriesNumber=None))


def test_a_file_name_is_safe(header: MakeHeader) -> None:
    climbing = Edits.of([Set((0x0020000D,), b"../../etc/x\0", "UI")])
    assert "/" not in file_name(header().edited(climbing))
