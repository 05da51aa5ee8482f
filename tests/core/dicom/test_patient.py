"""Whether two patients of a disk may be one person."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from dicomferry.dicom.patient import Patient, akin, persons, same_person

JANE = Patient("P1", "", "DOE^JANE", "19500101", "F")


@pytest.mark.parametrize(
    "other",
    [
        {"name": "Doe^Jane "},
        {"name": "DOE^JANE^MARY"},  # one birth date, and a name in common
        {"name": "ROE^JANE"},  # changed by marriage
        {"name": "DOE^JANNE"},
        {"name": "DOE^BABY"},
        {"name": "DOE^BABY GIRL A"},
        {"name": "DOE^MARIA JANE"},
        {"issuer": "HOSPITAL A"},
        {"name": "ANONYMOUS"},
        {"name": "P1"},
        {"birth_date": "1950.01.01"},
        {"birth_date": "1950"},
        {"birth_date": "", "sex": "", "name": ""},
        {"sex": "O"},
        {"patient_id": "p1 "},
        {"patient_id": "P-0001"},
        {"patient_id": ""},
        {"birth_date": "00000000"},
        {"birth_date": "19000101"},
        {"birth_date": "19500000"},
        {"birth_date": "unknown"},
        {"sex": "FEMALE"},
        {"name": "XXXX^XX"},
        {"name": "?"},
    ],
)
def test_spellings_and_gaps_are_one_person(other: dict[str, str]) -> None:
    assert same_person(JANE, replace(JANE, **other))
    assert same_person(replace(JANE, **other), JANE)


@pytest.mark.parametrize(
    "other",
    [
        {"name": "ROE^JOHN"},
        {"name": "ROE^JANE", "birth_date": ""},
        {"birth_date": "19620202"},
        {"sex": "M"},
        {"patient_id": "P2"},  # the same name, and the same day of birth
        {"patient_id": "P01", "name": ""},  # nothing but zeros speak for it
        {"patient_id": "P01", "name": "DOE^MARY"},  # a twin
        {"name": "DOE^MARY"},  # a twin under one number
        {"name": "DOE^LIZ"},
    ],
)
def test_contradictions_are_two(other: dict[str, str]) -> None:
    assert not same_person(JANE, replace(JANE, **other))


def test_who_is_told_apart_by_nothing_makes_nobody_two() -> None:
    assert len(persons([Patient(), JANE])) == 1


def test_an_id_that_everybody_has_is_none() -> None:
    assert same_person(replace(JANE, patient_id="ANONYMOUS"), JANE)
    assert not akin(replace(JANE, patient_id="anon"))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("DOE^JANE", "JANE DOE"),
        ("DOE^JANE", "DOE, JANE"),
        ("DOE^JANE", "Doe^Jane^^Dr^MSc"),
        ("DOE^JANE^A", "DOE^J"),
        ("DOE", "DOE^JANE"),
        ("MÜLLER^JÖRG", "MUELLER^JOERG"),
        ("SØRENSEN^ÅGE", "SOERENSEN^AAGE"),
        ("ŁUCZAK^EWA", "LUCZAK^EWA"),
        ("MÜLLER^JÖRG", "M?LLER^J\ufffdRG"),
        ("Yamada^Tarou=山田^太郎=やまだ^たろう", "Yamada^Tarou"),
        ("Yamada^Tarou=山田^太郎", "山田^太郎"),
        ("山田^太郎", "Yamada^Tarou"),
        ("Hong^Gildong=洪^吉洞=홍^길동", "홍^길동"),
        ("Иванов^Иван", "Ivanov^Ivan"),
    ],
)
def test_a_name_is_one_however_it_is_written(one: str, other: str) -> None:
    """Neither birth date nor sex speak for it."""
    jane = Patient("P1", "", one)
    assert same_person(jane, replace(jane, name=other))
    assert same_person(replace(jane, name=other), jane)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("SMITH^BABY A", "SMITH^BABY B"),
        ("DOE^JANE", "DOE^JOHN"),
        ("DOE^JANE", "J^D"),
        ("CASE^01", "CASE^02"),
        ("=山田^太郎", "Suzuki^Ichiro=鈴木^一郎"),
        ("M?LLER^JANE", "MEYER^JANE"),
    ],
)
def test_names_of_two_are_two(one: str, other: str) -> None:
    jane = Patient("P1", "", one)
    assert not same_person(jane, replace(jane, name=other))
    assert not same_person(replace(jane, name=other), jane)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("VAN DEN BERG^ANNA", "VAN DEN BERG^PIETER"),
        ("SMITH^BABY A", "SMITH^BABY B"),
        ("SMITH^TWIN1", "SMITH^TWIN2"),
        ("Yamada^Tarou=山田^太郎", "Yamada^Hanako=山田^花子"),
        ("=山田^太郎", "=山田^花子"),
        ("MÜLLER^EVA", "MUELLER^LENE"),
    ],
)
def test_twins_under_one_number_are_two(one: str, other: str) -> None:
    """They have one birth date."""
    assert not same_person(replace(JANE, name=one), replace(JANE, name=other))
    assert not same_person(replace(JANE, name=other), replace(JANE, name=one))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("SMITH^KATHERINE", "SMITH^CATHERINE"),
        ("SMITH^JOHN", "SMITH^JON"),
        ("MEIER-SCHMIDT^ANNA", "MEIER-BAUER^ANNA"),
        ("SMITH^BABY BOY", "SMITH^TIMOTHY"),
        ("GARCIA^BB OF MARIA", "GARCIA^LUIS"),
        ("GARCIA^BABYBOY1", "GARCIA^LUIS"),
        ("DOE^JANE^MARIE", "DOE^JANE^^DR"),
        ("DOE^JANE", "DOE^JANE^^^PHD"),
        ("MÜLLER^LENE", "MUELLER^LENA"),
        ("DOE^JANE", "JANE^DOE"),
    ],
)
def test_a_name_that_was_mended_is_of_one(one: str, other: str) -> None:
    assert same_person(replace(JANE, name=one), replace(JANE, name=other))
    assert same_person(replace(JANE, name=other), replace(JANE, name=one))


def test_an_id_of_two_issuers_is_of_two_unless_something_speaks_for_one() -> None:
    one = Patient("1", "NORTH", "ANON", "", "F")
    for other in (replace(one, issuer="SOUTH"), replace(one, issuer="SOUTH", name="DOE^JANE")):
        assert not same_person(one, other)
        assert not same_person(other, one)
    for same in (
        replace(one, issuer=""), replace(one, issuer="North^1.2.3^ISO"),
        replace(one, patient_id="ANON", issuer="SOUTH"),
    ):  # fmt: skip
        assert same_person(one, same)
        assert same_person(same, one)
    known = replace(one, name="DOE^JANE")
    assert same_person(known, replace(known, issuer="SOUTH"))


def test_letters_of_two_alphabets_are_compared_without_marks() -> None:
    one = replace(JANE, name="MÜLLER^ZOË", birth_date="")
    assert same_person(one, replace(one, name="MULLER^ZOE"))


def test_thousands_of_patients_are_counted_in_no_time() -> None:
    assert len(persons(Patient(f"Q{number}") for number in range(5_000))) == 5_000


def test_a_backslash_divides_values_and_is_no_punctuation() -> None:
    def of(patient_id: str) -> Patient:
        return replace(JANE, patient_id=patient_id)

    for one, other in (
        ("BS1\\0002", "BS1/0002"), ("BS1\\0001", "BS1\\0002"), ("BS1\\2", "BS1"),
        ("BS1\\", "\\BS1"), ("A\\B", "AB"),
    ):  # fmt: skip
        assert not same_person(of(one), of(other)), (one, other)
        assert akin(of(one)) != akin(of(other)), (one, other)
    assert same_person(of("BS1\\"), of("BS1"))
    assert same_person(of("BS1\\2"), of("bs1\\0002 "))
    assert akin(of("\\")) == ""
