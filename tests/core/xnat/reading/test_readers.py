"""What each generation of XNAT sees in an element."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dicomferry.dicom.edits import Edits, Set
from dicomferry.dicom.header import Header
from dicomferry.xnat.naming.classic import refused_without_uids
from dicomferry.xnat.reading.dcm4che2 import Dcm4che2
from dicomferry.xnat.reading.errors import UnforeseeableError
from dicomferry.xnat.reading.generation import Generation
from dicomferry.xnat.reading.reader import reader_of

MakeHeader = Callable[..., Header]
PATIENT_NAME, PATIENT_ID, COMMENTS = 0x00100010, 0x00100020, 0x00104000
OLD, NEW = Generation


def raw(header: Header, tag: int, value: bytes, vr: str) -> Header:
    return header.edited(Edits.of([Set((tag,), value, vr)]))


@pytest.mark.parametrize(
    ("value", "vr", "old", "new"),
    [
        (b" P1 \\P2", "LO", "P1", "P1"),
        (b"P1\0", "LO", "P1", "P1"),
        (b"\\P2 ", "LO", None, None),
        (b"P1\t\r\n", "LO", "P1\t\r\n", "P1"),
        (b"Doe^John^^^ ", "PN", "Doe^John", "Doe^John^^^"),
        (b"^^^^", "PN", None, "^^^^"),
        (b"Doe^J\0", "PN", "Doe^J\0", "Doe^J"),
        (b" Doe=x^y", "PN", "Doe=x^y", "Doe=x^y"),
        (b" a\\b\r\n", "LT", " a\\b\r\n", " a\\b"),
        (b"text \0", "LT", "text", "text"),
        (b"\0\0text", "LT", "text", "\0\0text"),
        (b"", "LO", None, None),
    ],
)
def test_a_text_is_trimmed_as_the_library_does(
    header: MakeHeader, value: bytes, vr: str, old: str | None, new: str | None
) -> None:
    tag = {"LO": PATIENT_ID, "PN": PATIENT_NAME, "LT": COMMENTS}[vr]
    given = raw(header(), tag, value, vr)

    assert reader_of(OLD).text(given, tag) == old
    assert reader_of(NEW).text(given, tag) == new


@pytest.mark.parametrize("generation", Generation)
def test_a_missing_element_has_no_text(header: MakeHeader, generation: Generation) -> None:
    assert reader_of(generation).text(header(), COMMENTS) is None


def test_without_a_character_set_the_jvm_decides_up_to_1_9(header: MakeHeader) -> None:
    given = raw(header(), PATIENT_NAME, b"Pe\xc3\xb1a", "PN")

    with pytest.raises(UnforeseeableError, match="default of the server's JVM"):
        reader_of(OLD).text(given, PATIENT_NAME)
    assert Dcm4che2("UTF-8").text(given, PATIENT_NAME) == "Pe\xf1a"
    assert Dcm4che2("ISO-8859-1").text(given, PATIENT_NAME) == "Pe\xc3\xb1a"
    assert reader_of(NEW).text(given, PATIENT_NAME) == "Pe\ufffd\ufffda"


@pytest.mark.parametrize(
    ("terms", "value", "text"),
    [
        ("\\ISO 2022 IR 87", b"Yamada=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B", "Yamada=山田^太郎"),
        ("\\ISO 2022 IR 149", b"Hong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce", "Hong=洪^吉"),
        ("ISO 2022 IR 100\\ISO 2022 IR 144", b"\xc4 \x1b-L\xbb\xd0", "\xc4 \u041b\u0430"),
        ("ISO_IR 13", b"\xd4\xcf\xc0\xde", "\uff94\uff8f\uff80\uff9e"),
    ],
)
@pytest.mark.parametrize("generation", Generation)
def test_both_decode_the_character_sets_they_know(
    header: MakeHeader, generation: Generation, terms: str, value: bytes, text: str
) -> None:
    given = raw(header(SpecificCharacterSet=terms.split("\\")), PATIENT_NAME, value, "PN")

    assert reader_of(generation).text(given, PATIENT_NAME) == text


@pytest.mark.parametrize(
    ("date", "taken"),
    [
        ("20040315", True), ("2004.03.15", True), ("200403", True), ("2004", True), ("0000", True),
        ("", True), ("20049999", True), ("2004-03-15", True), ("20040315-20040316", True),
        ("UNKNOWN", False), ("15/03/2004", False), ("2004/3/15", False), ("99", False),
        ("2004XX15", False),
    ],
)  # fmt: skip
def test_a_study_date_that_is_no_date_is_refused_up_to_1_9(
    header: MakeHeader, date: str, taken: bool
) -> None:
    given = raw(header(), 0x00080020, date.encode(), "DA")

    assert (reader_of(OLD).refusal(given) is None) is taken
    assert reader_of(NEW).refusal(given) is None


@pytest.mark.parametrize("keyword", ["SOPClassUID", "SOPInstanceUID"])
def test_what_does_not_say_what_it_is_is_refused(header: MakeHeader, keyword: str) -> None:
    refusal = refused_without_uids(header(**{keyword: ""}))

    assert refusal is not None
    assert keyword in str(refusal.refused)
    assert refused_without_uids(header()) is None
