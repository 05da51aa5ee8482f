"""The labels XNAT makes."""

from __future__ import annotations

import pytest

from dicomferry.xnat.labels import clean_value, to_label


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
