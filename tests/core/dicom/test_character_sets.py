"""Text is read and written in the instance's own character set, or refused."""

from __future__ import annotations

import pytest
from pydicom import Dataset, Sequence
from pydicom.charset import convert_encodings

from dicomferry.dicom.edits import Delete, Edits, Set
from dicomferry.dicom.header import Header
from dicomferry.dicom.text import codecs_of, decode, encode
from dicomferry.errors import EditError

PATIENT_NAME, PATIENT_ID, CHARACTER_SET = 0x00100010, 0x00100020, 0x00080005
REQUESTS = 0x00400275


def header_of(terms: str | list[str] | None, name: str) -> Header:
    dataset = Dataset()
    if terms is not None:
        dataset.SpecificCharacterSet = terms
    dataset.PatientName = name
    return Header.of(dataset)


# The names of PS3.5 annexes H to K.
NAMES = [
    ("ISO_IR 100", "Buc^Jérôme"),
    ("ISO_IR 144", "\u041b\u044e\u043a\u0441\u0435\u043c\u0431\u0443\u0440\u0433"),
    ("ISO_IR 192", "Wang^XiaoDong=王^小東"),
    ("GB18030", "Wang^XiaoDong=王^小东"),
    ("ISO_IR 13", "ﾔﾏﾀﾞ^ﾀﾛｳ"),
    (["", "ISO 2022 IR 87"], "Yamada^Tarou=山田^太郎=やまだ^たろう"),
    (["", "ISO 2022 IR 149"], "Hong^Gildong=洪^吉洞=홍^길동"),
    (["ISO 2022 IR 13", "ISO 2022 IR 87"], "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう"),
]


@pytest.mark.parametrize(("terms", "name"), NAMES, ids=lambda part: str(part)[:24])
def test_a_name_written_by_pydicom_is_read(terms: str | list[str], name: str) -> None:
    assert header_of(terms, name).text("PatientName") == name


@pytest.mark.parametrize(("terms", "name"), NAMES, ids=lambda part: str(part)[:24])
def test_a_name_is_written_as_pydicom_reads_it(terms: str | list[str], name: str) -> None:
    header = header_of(terms, "A").edited(Edits.of([Set((PATIENT_NAME,), name)]))

    assert str(header.dataset().PatientName) == name


@pytest.mark.parametrize("terms", ["GB18030", "ISO_IR 192"])
def test_a_backslash_inside_of_a_character_separates_no_values(terms: str) -> None:
    # In GB18030 the second byte of this character is 5C, a backslash in ASCII.
    assert (
        header_of(terms, "A")
        .edited(Edits.of([Set((0x00081030,), "誠a")]))
        .value("StudyDescription")
        == "誠a"
    )


@pytest.mark.parametrize(
    ("terms", "text"),
    [(None, "Jérôme"), ("ISO_IR 6", "é"), ("ISO_IR 100", "王"), (["", "ISO 2022 IR 87"], "é")],
)
def test_text_the_character_set_lacks_is_refused(terms: str | list[str] | None, text: str) -> None:
    with pytest.raises(EditError, match="character set") as refused:
        header_of(terms, "A").edited(Edits.of([Set((PATIENT_NAME,), text)]))
    assert "SpecificCharacterSet" in refused.value.hint
    assert text not in str(refused.value)


def test_bytes_that_are_no_text_read_with_replacement() -> None:
    assert decode(b"J\xe9r", "PN", ("ISO_IR 192",)) == "J�r"


def test_an_unknown_character_set_reads() -> None:
    assert decode(b"J\xe9r", "PN", ("KLINGON",)) == "Jér"


def test_vrs_outside_of_the_character_set_are_ascii() -> None:
    with pytest.raises(UnicodeError):
        encode("é", "CS", ("ISO_IR 192",))


class TestChangingTheCharacterSet:
    """Text that nobody touched must not read differently afterwards."""

    def test_it_is_refused_where_other_text_would_read_differently(self) -> None:
        with pytest.raises(EditError, match="PatientName"):
            header_of("ISO_IR 100", "Jérôme").edited(
                Edits.of([Set((CHARACTER_SET,), "ISO_IR 192")])
            )

    def test_removing_it_is_refused_as_well(self) -> None:
        with pytest.raises(EditError, match="PatientName"):
            header_of("ISO_IR 192", "Jérôme").edited(Edits.of([Delete((CHARACTER_SET,))]))

    def test_text_in_an_item_counts(self) -> None:
        dataset, item = Dataset(), Dataset()
        dataset.SpecificCharacterSet = "ISO_IR 100"
        item.PatientName = "Jérôme"
        dataset.RequestAttributesSequence = Sequence([item])

        with pytest.raises(EditError, match="PatientName"):
            Header.of(dataset).edited(Edits.of([Set((CHARACTER_SET,), "ISO_IR 192")]))

    def test_an_item_with_its_own_character_set_does_not(self) -> None:
        dataset, item = Dataset(), Dataset()
        dataset.SpecificCharacterSet = "ISO_IR 144"
        item.SpecificCharacterSet = "ISO_IR 100"
        item.PatientName = "Jérôme"
        dataset.RequestAttributesSequence = Sequence([item])

        header = Header.of(dataset).edited(Edits.of([Set((CHARACTER_SET,), "ISO_IR 192")]))

        assert header.items(REQUESTS)[0].text("PatientName") == "Jérôme"

    def test_with_ascii_alone_it_is_allowed_and_later_text_follows(self) -> None:
        edits = Edits.of([Set((CHARACTER_SET,), "ISO_IR 192"), Set((PATIENT_NAME,), "王")])

        assert header_of(None, "A").edited(edits).raw(PATIENT_NAME) == "王 ".encode()

    def test_with_the_text_itself_set_anew_it_is_allowed(self) -> None:
        edits = Edits.of([Set((CHARACTER_SET,), "ISO_IR 192"), Set((PATIENT_NAME,), "王é")])

        assert header_of("ISO_IR 100", "Jérôme").edited(edits).text("PatientName") == "王é"

    def test_text_set_before_it_is_written_in_the_former_one(self) -> None:
        edits = Edits.of([Set((PATIENT_NAME,), "é"), Set((CHARACTER_SET,), "ISO_IR 192")])

        with pytest.raises(EditError, match="PatientName"):
            header_of("ISO_IR 100", "A").edited(edits)

    def test_a_missing_declaration_may_be_supplied(self) -> None:
        dataset = Dataset()
        dataset.SpecificCharacterSet = "ISO_IR 100"
        dataset.PatientName = "Jérôme"
        undeclared = Header.of(dataset).edited(Edits.of([Delete((CHARACTER_SET,))]))

        mended = undeclared.edited(Edits.of([Set((CHARACTER_SET,), "ISO_IR 100")]))

        assert mended.text("PatientName") == "Jérôme"

    def test_a_term_that_does_not_exist_is_refused(self) -> None:
        with pytest.raises(EditError, match="not a term"):
            header_of(None, "A").edited(Edits.of([Set((CHARACTER_SET,), "UTF-8")]))


@pytest.mark.parametrize(
    "term", ["", "ISO_IR 6", "ISO_IR 100", "ISO_IR 101", "ISO_IR 144", "ISO_IR 192", "ISO_IR 13"]
)
def test_a_character_set_has_the_codec_that_pydicom_gives_it(term: str) -> None:
    assert codecs_of((term,)) == tuple(convert_encodings([term]))


def test_no_character_set_is_the_default_one() -> None:
    assert codecs_of(()) == tuple(convert_encodings([""]))
