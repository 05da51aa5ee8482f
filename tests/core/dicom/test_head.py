"""A header is told from the first bytes of a file, and never from too few of them."""

from __future__ import annotations

from io import BytesIO

import pytest
from pydicom import dcmread, dcmwrite
from pydicom.encaps import encapsulate
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian, JPEGBaseline8Bit

from dicomferry.dicom.head import read_header
from dicomferry.dicom.header import Header
from dicomferry.errors import DamagedError, NotDicomError
from dicomferry.testing import instance_bytes

SYNTAXES = [ExplicitVRLittleEndian, ImplicitVRLittleEndian, JPEGBaseline8Bit]
PIXELS = 1 << 18


def written(syntax: str) -> bytes:
    """Return an instance whose pixel data is large, in a transfer syntax."""
    data_set = dcmread(BytesIO(instance_bytes({"PatientComments": "x" * 3000})))
    data_set.file_meta.TransferSyntaxUID = syntax
    pixels = bytes(PIXELS)
    compressed = syntax == JPEGBaseline8Bit
    data_set.Rows = data_set.Columns = 256
    data_set.PixelData = encapsulate([pixels, pixels]) if compressed else pixels
    data_set["PixelData"].VR = "OB" if compressed else "OW"
    data_set["PixelData"].is_undefined_length = compressed
    file = BytesIO()
    dcmwrite(file, data_set, enforce_file_format=True)
    return file.getvalue()


def pixels_at(whole: bytes) -> int:
    return whole.index(b"\xe0\x7f\x10\x00")


def texts(header: Header) -> dict[int, str | None]:
    return {tag: header.text(tag) for tag in header.tags()}


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_what_is_in_front_of_the_pixel_data_is_enough(syntax: str) -> None:
    whole = written(syntax)
    start = pixels_at(whole)

    header = read_header(whole[: start + 12], len(whole))

    complete = read_header(whole, len(whole))
    assert header is not None
    assert complete is not None
    expected = texts(complete)
    assert expected.pop(0x7FE00010, "missing") is None
    assert texts(header) == expected


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_fewer_bytes_give_no_header(syntax: str) -> None:
    whole = written(syntax)

    for length in range(0, pixels_at(whole), 7):
        assert read_header(whole[:length], len(whole)) is None


def test_what_is_no_dicom_is_told_from_its_beginning() -> None:
    with pytest.raises(NotDicomError):
        read_header(b"a text, and no instance" * 100, 1 << 20)


def test_a_file_that_is_shorter_than_its_header_says_is_damaged() -> None:
    whole = written(ExplicitVRLittleEndian)

    with pytest.raises(DamagedError):
        read_header(whole[: pixels_at(whole) + 12], len(whole) - 1)
