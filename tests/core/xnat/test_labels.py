"""The texts XNAT reads, and the labels it makes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dicomferry.dicom.edits import Edits, Set
from dicomferry.dicom.header import Header
from dicomferry.xnat.labels import clean_value, dcm_text, to_label

MakeHeader = Callable[..., Header]
PATIENT_NAME, PATIENT_ID, COMMENTS = 0x00100010, 0x00100020, 0x00104000


@pytest.mark.parametrize(
    ("text", "label"),
    [
        (",f:o^o)", "_f_o_o_"),
        ("DOE^JOHN", "DOE_JOHN"),
        ("A.B-C_D", "A_B-C_D"),
        ("Müller", "M_ller"),
        ("", ""),
        ("two words", "two_words"),
        ("\U00010400x", "_x"),
    ],
)
def test_a_label_has_ascii_letters_digits_underscore_and_hyphen(text: str, label: str) -> None:
    assert to_label(text) == label


def test_the_archive_stage_keeps_letters_beyond_ascii() -> None:
    assert clean_value("Müller.7 [x]") == "Müller_7__x_"


def raw(header: Header, tag: int, value: bytes, vr: str) -> Header:
    return header.edited(Edits.of([Set((tag,), value, vr)]))


@pytest.mark.parametrize(
    ("value", "vr", "text"),
    [
        (b" P1 \\P2", "LO", "P1"),
        (b"P1\0", "LO", "P1"),
        (b"\\P2 ", "LO", ""),
        (b"Doe^John^^^ ", "PN", "Doe^John"),
        (b" Doe=x^y", "PN", "Doe=x^y"),
        (b" a\\b\r\n", "LT", " a\\b\r\n"),
        (b"text \0", "LT", "text"),
        (b"", "LO", None),
    ],
)
def test_a_text_is_trimmed_by_its_vr(
    header: MakeHeader, value: bytes, vr: str, text: str | None
) -> None:
    tag = {"LO": PATIENT_ID, "PN": PATIENT_NAME, "LT": COMMENTS}[vr]
    assert dcm_text(raw(header(), tag, value, vr), tag) == text


def test_a_missing_element_has_no_text(header: MakeHeader) -> None:
    assert dcm_text(header(), COMMENTS) is None
