"""All texts of a data set in another character set, at any depth."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from pydicom import Dataset, dcmread
from pydicom.charset import convert_encodings
from pydicom.data import get_charset_files

from dicomferry.dicom.header import Header
from dicomferry.dicom.instance import Instance
from dicomferry.dicom.transcoding import check_character_set, transcoding_edits
from dicomferry.errors import EditError

CHARSET = 0x00080005
FILES = sorted(Path(str(path)) for path in get_charset_files("*.dcm"))


def header_of(terms: str, name: str, *, inner: str = "", inner_terms: str = "") -> Header:
    dataset, nested, deeper = Dataset(), Dataset(), Dataset()
    dataset.SpecificCharacterSet = terms
    dataset.PatientName = name
    dataset.PatientID = "plain"
    if inner_terms:
        nested.SpecificCharacterSet = inner_terms
    nested.CodeMeaning = inner or name
    deeper.TextValue = inner or name
    nested.ContentSequence = [deeper]
    dataset.ContentSequence = [nested]
    return Header.of(dataset)


def texts(header: Header) -> list[str | None]:
    found = [header.text("PatientName"), header.text("CodeMeaning"), header.text("TextValue")]
    for item in header.items(0x0040A730):
        found += texts(item)
    return found


@pytest.mark.parametrize(
    ("terms", "name"),
    [
        ("ISO_IR 100", "Müller^Jörg"), ("ISO_IR 144", "Жщюя"), ("ISO_IR 126", "Διονυσιος"),
        ("ISO_IR 101", "Wałęsa"), ("GB18030", "王^小东"),
    ],
)  # fmt: skip
def test_every_text_reads_as_before_and_is_utf_8(terms: str, name: str) -> None:
    before = header_of(terms, name)

    after = before.edited(transcoding_edits(before, "ISO_IR 192"))

    assert texts(after) == texts(before)
    assert after.text(CHARSET) == "ISO_IR 192"
    assert after.raw(0x00100010).rstrip() == name.encode()
    assert after.items(0x0040A730)[0].items(0x0040A730)[0].raw(0x0040A160).rstrip() == name.encode()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_pydicom_s_files_of_all_character_sets_keep_their_text(
    path: Path, opened: Callable[[Path], Instance], bytes_of: Callable[..., bytes], tmp_path: Path
) -> None:
    instance = opened(path)
    header = instance.header.edited(transcoding_edits(instance.header, "ISO_IR 192"))
    (tmp_path / "new.dcm").write_bytes(bytes_of(instance.file(header)))

    old, new = dcmread(path), dcmread(tmp_path / "new.dcm")
    assert convert_encodings(new.get("SpecificCharacterSet", "ISO_IR 192")) == ["UTF8"]
    assert str(new.get("PatientName")) == str(old.get("PatientName"))


def test_an_item_with_a_character_set_of_its_own_gets_the_new_one() -> None:
    before = header_of("ISO_IR 100", "Müller", inner="Жщюя", inner_terms="ISO_IR 144")

    after = before.edited(transcoding_edits(before, "ISO_IR 192"))

    assert texts(after) == texts(before)
    assert after.items(0x0040A730)[0].text(CHARSET) == "ISO_IR 192"


def test_what_is_in_the_character_set_already_is_left_alone() -> None:
    assert not transcoding_edits(header_of("ISO_IR 192", "Müller"), "ISO_IR 192")


def test_what_the_new_set_lacks_is_refused() -> None:
    with pytest.raises(EditError, match="PatientName: cannot be written in ISO_IR 100"):
        transcoding_edits(header_of("ISO_IR 144", "Жщюя"), "ISO_IR 100")


@pytest.mark.parametrize(
    ("terms", "why"), [("", "no character set says"), ("ISO_IR 192", "are no text")]
)
def test_bytes_that_are_no_text_are_refused(terms: str, why: str) -> None:
    dataset = Dataset()
    if terms:
        dataset.SpecificCharacterSet = terms
    dataset.add_new(0x00100010, "PN", b"M\xfcller")
    with pytest.raises(EditError, match=why):
        transcoding_edits(Header.of(dataset), "ISO_IR 100")


def test_a_term_that_is_none_is_told() -> None:
    check_character_set("ISO 2022 IR 13\\ISO 2022 IR 87")
    with pytest.raises(ValueError, match="'UTF-8' is not a term"):
        check_character_set("UTF-8")
