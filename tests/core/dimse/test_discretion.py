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


@pytest.mark.parametrize(
    ("comment", "told"),
    [
        ("the database does not match", "the database does not match"),
        ("DOE^DATA does not match, nor Data_Doe", "… does not match, nor …_…"),
        ("unknown: DoeData, DATADOE, SUNDOES", "unknown: …, …, SUNDOES"),
        ("patientID771 of ID77", "patient…1 of …"),
    ],
)
def test_a_word_of_the_patient_is_left_where_it_is_part_of_another(comment: str, told: str) -> None:
    known = {"PatientName": "DOE^DATA", "PatientID": "ID77"}

    assert discreet(comment, known.get) == told


def test_what_a_wildcard_asked_for_is_left_out_whole() -> None:
    asked = {"PatientName": "CAN*^YEL?OW"}

    assert discreet("CANARYBIRD^YELLOW, not TINCAN", asked.get) == "…^…, not TINCAN"


@pytest.mark.parametrize(
    ("comment", "told"),
    [
        ("Identifier does not match SOP Class: the Query Retrieve Level mu", True),
        ("Identifier does not match SOP Class: the Query Retrieve Level m.", False),
        ("Identifier does not match SOP Class", False),
        ("x" * 64, False),
    ],
)
def test_a_comment_that_its_peer_has_cut_ends_with_a_whole_word(comment: str, told: bool) -> None:
    end = " …" if told else comment[-2:]

    assert discreet(comment, {}.get).endswith(end)
    assert not told or discreet(comment, {}.get).endswith("Retrieve Level …")
