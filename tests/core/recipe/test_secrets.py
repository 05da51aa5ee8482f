"""What is a reference to a secret."""

from __future__ import annotations

import pytest

from dicomferry.recipe.secrets import is_reference, parse_reference


@pytest.mark.parametrize(
    "text", ["${env:X}", "${file:/run/secrets/x}", "${netrc:xnat.example.org}", "${a-b:c d}"]
)
def test_a_scheme_and_a_text_are_a_reference(text: str) -> None:
    assert is_reference(text)
    assert str(parse_reference(text)) == text


@pytest.mark.parametrize("text", ["", "x", "${X}", "${env:}", "x${env:X}", "${env:{X}}", "$env:X"])
def test_other_text_is_none(text: str) -> None:
    assert not is_reference(text)
