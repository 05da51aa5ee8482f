"""The IDs of scans that are merged into a session of the archive."""

from __future__ import annotations

import pytest

from dicomferry.xnat.filing.merging import archived_scan_ids, merged_scan_ids, number_conflict

A, B, C = "1.2.9.1", "1.2.9.2", "1.2.9.3"
RENAMED = {A: "1-MR1", B: "1-MR2"}


@pytest.mark.parametrize(
    ("scan", "taken", "free"),
    [
        ("1", {"1"}, "1-MR1"),
        ("1", {"1", "1-MR1"}, "1-MR2"),
        ("1-MR1", {"1-MR1", "1-MR2"}, "1-MR3"),
        ("12-MR1", {"12-MR1"}, "12-MR1-MR1"),
        ("1-MR1", {"1-MR2"}, "1-MR1"),
    ],
)
def test_a_scan_id_that_is_taken_gets_the_next_free_one(
    scan: str, taken: set[str], free: str
) -> None:
    archived = {f"9.{number}": used for number, used in enumerate(sorted(taken))}
    assert merged_scan_ids({A: scan}, {A: "MR"}, archived) == {A: free}


def test_a_scan_alone_does_not_meet_the_one_it_was_renamed_to() -> None:
    assert number_conflict({A: "1"}, RENAMED) == "1-MR1"


def test_scans_that_are_renamed_alike_meet() -> None:
    assert number_conflict(RENAMED, RENAMED) is None
    assert merged_scan_ids(RENAMED, {A: "MR", B: "MR"}, RENAMED) == RENAMED


def test_a_number_that_another_scan_has_is_no_conflict() -> None:
    archived = {A: "1", B: "1-MR1"}
    assert number_conflict({B: "1"}, archived) is None
    assert merged_scan_ids({B: "1"}, {B: "MR"}, archived) == {B: "1-MR1"}


def test_a_session_built_in_parts_keeps_the_ids_it_has() -> None:
    one, other = {A: ("1", "MR")}, {B: ("1", "MR")}
    assert archived_scan_ids([one | other]) == RENAMED
    assert archived_scan_ids([one, other]) == {A: "1", B: "1-MR1"}


def test_a_part_in_conflict_changes_nothing() -> None:
    one, both = {A: ("1", "MR")}, {A: ("1", "MR"), B: ("1", "MR")}
    assert archived_scan_ids([one, both, {C: ("2", "MR")}]) == {A: "1", C: "2"}
