"""Scan IDs and modalities."""

from __future__ import annotations

import pytest

from dicomferry.xnat.filing.scans import scan_ids, session_modality


def test_series_that_share_a_number_are_all_renamed() -> None:
    series = {"1.1": ("1", "MR"), "1.2": ("1", "MR"), "1.3": ("2", "MR"), "1.4": ("1", "")}
    assert scan_ids(series) == {"1.1": "1-MR1", "1.2": "1-MR2", "1.3": "2", "1.4": "1-OT1"}


def test_a_blank_number_gives_the_uid() -> None:
    assert scan_ids({"1.2.3": ("", "MR")}) == {"1.2.3": "1_2_3"}


def test_a_leading_plus_becomes_an_underscore() -> None:
    assert scan_ids({"1.2.3": ("+4", "MR")}) == {"1.2.3": "_4"}


@pytest.mark.parametrize(
    ("modalities", "modality"),
    [(["CT", "PT"], "PT"), (["PT", "MR"], "PETMR"), (["SR", "CT"], "CT"), ([""], "OT")],
)
def test_a_sessions_modality_is_the_most_telling(modalities: list[str], modality: str) -> None:
    assert session_modality(modalities) == modality
