"""What C-STORE statuses mean."""

from __future__ import annotations

import pytest

from dicomferry.dimse import StatusCategory, store_status


def test_only_success_and_defined_warnings_say_stored() -> None:
    stored = {code for code in range(0x10000) if store_status(code).verdict.stored}

    assert stored == {0x0000, 0xB000, 0xB006, 0xB007, 0x0107, 0x0116}


@pytest.mark.parametrize("code", [0xA700, 0xA7FF, 0xC000, 0x0110, 0x0213])
def test_what_may_pass_is_worth_a_retry(code: int) -> None:
    assert store_status(code).verdict is StatusCategory.RETRY


@pytest.mark.parametrize("code", [0x0122, 0x0124, 0xA900, 0xA9FF, 0xC001, 0xC123, 0xCFFF, 0x0111])
def test_what_will_not_pass_is_refused(code: int) -> None:
    assert store_status(code).verdict is StatusCategory.REFUSED


@pytest.mark.parametrize("code", [0x0001, 0xB001, 0xBFFF, 0xFF00, 0xFE00, 0x1234, 0xFFFF])
def test_the_unknown_is_refused(code: int) -> None:
    assert store_status(code).verdict is StatusCategory.REFUSED


def test_a_status_names_its_number_and_its_meaning() -> None:
    assert str(store_status(0xA700)) == "0xA700 out of resources"
