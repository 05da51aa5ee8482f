"""A receiver's comment is told without the patient it quotes."""

from __future__ import annotations

from pathlib import Path

import pytest

from dicomferry import Header
from dicomferry.dicom.instance import open_instance
from dicomferry.dicom.opening import open_blob
from dicomferry.dimse.discretion import discreet
from dicomferry.model import Location
from support.canary import make_patient


@pytest.fixture
def header(tmp_path: Path) -> Header:
    location = Location(str(make_patient(tmp_path, 1)[0]))
    with open_instance(open_blob(location), location) as instance:
        return instance.header


@pytest.mark.parametrize(
    ("comment", "told"),
    [
        ("", ""),
        ("no such project", "no such project"),
        ("CANARYBIRD^YELLOW is refused", "… is refused"),
        ("patient CanaryID77: unknown", "patient …: unknown"),
        ("Yellow Canarybird", "… …"),
    ],
)
def test_the_words_of_the_patient_are_left_out(header: Header, comment: str, told: str) -> None:
    assert discreet(comment, header.text) == told


def test_what_was_asked_for_with_wildcards_is_left_out_too() -> None:
    asked = {"PatientName": "CANARY*^YEL?OW"}
    assert discreet("no match for Canary* here", asked.get) == "no match for …* here"
