"""Names are bytes: what is no UTF-8 in them is written as `%FF`, and stays told apart."""

from __future__ import annotations

import os

import pytest

from dicomferry.model import Location
from dicomferry.names import bytes_of, shown


@pytest.mark.parametrize("text", ["", "plain", "Müller", "山田", "100%", "a\nb"])
def test_text_stays_as_it_is(text: str) -> None:
    assert shown(text) == text


@pytest.mark.parametrize("name", [b"M\xfcller", b"\xff\xfe", b"M\xc3\xbcller \xe9", b"\x80%41"])
def test_an_odd_name_becomes_text_and_is_found_by_it(name: bytes) -> None:
    text = shown(os.fsdecode(name))

    assert text.encode()
    assert os.fsencode(bytes_of(text)) == name


def test_two_odd_names_stay_two() -> None:
    assert shown(os.fsdecode(b"M\xfcller")) != shown(os.fsdecode(b"M\xf6ller"))


def test_a_location_is_told_as_text() -> None:
    place = Location(os.fsdecode(b"/disk/M\xfcller.zip"), os.fsdecode(b"scan\xe9"))

    assert str(place) == "/disk/M%FCller.zip!scan%E9"
    assert os.fsencode(place.path) == b"/disk/M\xfcller.zip"
