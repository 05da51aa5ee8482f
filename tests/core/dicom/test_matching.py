"""An answer counts only where it is what was asked for."""

from __future__ import annotations

import pytest

from dicomferry.dicom.matching import difference, matches, single_queries, unproven


@pytest.mark.parametrize(
    ("key", "wanted", "found"),
    [
        ("PatientID", "P1", "P1 "),
        ("PatientID", "P*", "P1"),
        ("PatientID", "P?", "P1"),
        ("PatientID", "P1\\P2", "P2"),
        ("PatientID", "*", ""),
        ("PatientName", "doe^jane", "DOE^JANE^^"),
        ("PatientName", "DOE*", "Doe^Jane=other"),
        ("PatientName", "O'NEIL*", "O'Neil^Mary"),
        ("PatientName", "o\u2019neil^m?ry", "O'NEIL^MARY"),
        ("PatientName", "O'NEIL*", "O`NEIL^MARY"),
        ("PatientName", "O?NEIL*", "O\u2019NEIL^MARY"),
        ("ReferringPhysicianName", "SMITH\u2013JONES^*", "SMITH-JONES^A"),
        ("StudyDate", "20210301-20210331", "20210331"),
        ("StudyDate", "-20210331", "19990101"),
        ("StudyDate", "20210331", "2021.03.31"),
        ("ModalitiesInStudy", "MR", "CT\\MR"),
    ],
)
def test_what_was_asked_for_matches(key: str, wanted: str, found: str) -> None:
    assert matches({key: wanted}, {key: found})


@pytest.mark.parametrize(
    ("key", "wanted", "found"),
    [
        ("PatientID", "P1", "p1"),
        ("PatientID", "P1", "P11"),
        ("PatientID", "P.", "P1"),
        ("PatientName", "DOE", "DOE^JANE"),
        ("PatientName", "O'NEIL*", "ONEIL^MARY"),
        ("PatientID", "P\u20191", "P'1"),
        ("StudyDate", "20210301-20210331", ""),
        ("StudyDate", "20210331", "20210401"),
        ("ModalitiesInStudy", "MR", "CT"),
    ],
)
def test_what_was_not_asked_for_does_not_match(key: str, wanted: str, found: str) -> None:
    assert not matches({key: wanted}, {key: found})


def test_an_answer_without_the_attribute_does_not_match() -> None:
    assert not matches({"AccessionNumber": "1"}, {})


def test_lists_become_single_queries_but_for_uids() -> None:
    keys = {"AccessionNumber": "1\\2", "StudyInstanceUID": "1.2\\1.3"}

    assert [one["AccessionNumber"] for one in single_queries(keys)] == ["1", "2"]
    assert {one["StudyInstanceUID"] for one in single_queries(keys)} == {"1.2\\1.3"}


@pytest.mark.parametrize("answer", [{}, {"PatientID": ""}, {"PatientID": " \0"}])
def test_what_an_answer_does_not_tell_is_neither_equal_nor_unequal(answer: dict[str, str]) -> None:
    asked = {"PatientID": "P1", "AccessionNumber": "*", "StudyID": ""}

    assert not difference(asked, answer)
    assert unproven(asked, answer) == {"PatientID": "P1"}
    assert not matches(asked, answer)
