"""What a script makes of a header; what cannot be told stays out of the edits."""

from __future__ import annotations

from typing import Any

import pytest
from pydicom import Dataset

from dicomferry.dicom.dictionary import tag_of
from dicomferry.dicom.edits import Delete, Set
from dicomferry.dicom.header import Header
from dicomferry.model import Destination
from dicomferry.xnat.reading.generation import Generation
from dicomferry.xnat.reading.reader import reader_of
from dicomferry.xnat.scripts.default import DEFAULT_SCRIPT
from dicomferry.xnat.scripts.parsing import read_script
from dicomferry.xnat.scripts.running import Outcome, names_of, run_script

Changes = dict[str, str | None]


def run(text: str, destination: Destination | None = None, **attributes: Any) -> Outcome:
    dataset = Dataset()
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    where = destination or Destination("P", "S", "E")
    script = read_script(text if text.startswith("version") else f'version "6.1"\n{text}')
    reader = reader_of(Generation.XNAT_1_10)
    return run_script(script, Header.of(dataset), names_of(where), reader)


def changes(outcome: Outcome) -> dict[int, str | bytes | None]:
    return {one.path[0]: None if isinstance(one, Delete) else one.value for one in outcome.edits}


def test_xnats_own_script_writes_the_labels() -> None:
    outcome = run(DEFAULT_SCRIPT, PatientName="A^B")
    assert changes(outcome) == {0x00081030: "P", 0x00100010: "S", 0x00100020: "E"}
    assert Set((0x00100010,), "S", "PN") in outcome.edits.items


def test_of_unassigned_it_keeps_the_description() -> None:
    outcome = run(DEFAULT_SCRIPT, Destination(None, "S", "E"), StudyDescription="HEAD")
    assert 0x00081030 not in changes(outcome)


def test_without_a_subject_nobody_knows_what_it_writes() -> None:
    outcome = run(DEFAULT_SCRIPT, Destination("P", None, "E"))
    assert outcome.doubtful == {0x00100010}


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("-(0010,0030)", {"PatientBirthDate": None}),
        ("-(0010,4000)", {}),
        ('(0010,4000) := "x"', {"PatientComments": "x"}),
        ('(0010,4000) ?= "x"', {}),
        ('(0010,0030) ?= "19000101"', {"PatientBirthDate": "19000101"}),
        ("(0010,0020) := (0010,0030)", {"PatientID": "19600402"}),
        ("(0010,0020) := (0010,4000)", {}),
        ('-(0010,0030)\n(0010,0030) ?= "19000101"', {"PatientBirthDate": None}),
        ('mine := "x"\n(0010,0020) := mine', {"PatientID": "x"}),
        ('(0010,0040) = "M" ? (0010,0020) := "m" : (0010,0020) := "f"', {"PatientID": "m"}),
        ('(0010,0040) = "F" ? (0010,0020) := "f" : -(0010,0020)', {"PatientID": None}),
        ('(0010,0040) != "F" ? -(0010,0020)', {"PatientID": None}),
        ('(0010,0030) ~ "1960" ? -(0010,0020)', {}),
        ('(0010,0030) ~ "1960.*" ? -(0010,0020)', {"PatientID": None}),
        ('(0010,0030) !~ "1960.*" ? -(0010,0020)', {}),
        ('(0010,4000) = "" ? -(0010,0020)', {}),
        ('(0010,4000) != "" ? -(0010,0020)', {"PatientID": None}),
        ('(0010,4000) !~ ".*" ? -(0010,0020)', {"PatientID": None}),
        ('(0010,0020) := "y"\n(0010,0020) = "y" ? -(0010,0030)',
         {"PatientID": "y", "PatientBirthDate": None}),
        ("(0010,0020) := 12", {"PatientID": "12"}),
        ("-(0008,1140)", {"ReferencedImageSequence": None}),
    ],
)  # fmt: skip
def test_what_is_certain_becomes_edits(script: str, expected: Changes) -> None:
    outcome = run(
        script, PatientID="7", PatientSex="M", PatientBirthDate="19600402",
        ReferencedImageSequence=[Dataset()],
    )  # fmt: skip
    assert changes(outcome) == {tag_of(keyword): text for keyword, text in expected.items()}
    assert not outcome.doubtful
    assert not outcome.all_doubtful


@pytest.mark.parametrize(
    ("script", "doubtful"),
    [
        ("(0020,000D) := hashUID[(0020,000D)]", {"StudyInstanceUID"}),
        ('(0020,000D) := hashUID["1"]\n(0020,000D) = "1" ? -(0010,0020)',
         {"StudyInstanceUID", "PatientID"}),
        ('(0008,0070) = "" ? -(0010,0020)', {"PatientID"}),
        ('(0008,0008) ~ ".*" ? -(0010,0020)', {"PatientID"}),
        ('(0028,0010) := "5"', {"Rows"}),
        ('(0010,0010) := "M\u00fcller"', {"PatientName"}),
        (r'(0010,0020) ~ "\\p{IsFoo}" ? -(0010,0020)', {"PatientID"}),
        ('(0010,0020) := "a "\n(0010,0020) = "a" ? -(0010,0030)', {"PatientBirthDate"}),
    ],
)  # fmt: skip
def test_what_cannot_be_told_is_named(script: str, doubtful: set[str]) -> None:
    outcome = run(
        script, PatientID="7", Manufacturer="", ImageType=["ORIGINAL", "PRIMARY"],
        PatientBirthDate="19600402",
    )  # fmt: skip
    assert outcome.doubtful == {tag_of(keyword) for keyword in doubtful}
    assert not outcome.doubtful & changes(outcome).keys()


def test_behind_what_may_change_anything_only_what_is_set_is_certain() -> None:
    outcome = run(
        '(0010,0010) := "A"\n-(0010,00XX)\n(0010,0020) := "B"\n(0010,0040) ?= "O"', PatientSex="M"
    )
    assert outcome.all_doubtful
    assert changes(outcome) == {0x00100020: "B"}
    assert outcome.doubtful == {0x00100010, 0x00100040}


def test_a_name_is_in_doubt_behind_what_may_have_changed_it() -> None:
    block = 'if (match[(0010,0040), "M"]) {\nsession := "x"\n}\n'
    outcome = run(f"{block}(0010,0010) := subject\n(0010,0020) := session")
    assert changes(outcome) == {0x00100010: "S"}
    assert outcome.doubtful == {0x00100020}
