"""Whose an instance is: what its header says of the patient, and whether two of them are one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date
from typing import Final, Self

from msgspec import Struct

from dicomferry.dicom.person_name import Words, names_agree, words_of

_ELEMENTS: Final = (
    "PatientID", "IssuerOfPatientID", "PatientName", "PatientBirthDate", "PatientSex",
)  # fmt: skip
"""In the order of the fields of `Patient`."""

_PLACEHOLDERS: Final = frozenset((
    "ANON", "ANONIMO", "ANONYM", "ANONYME", "ANONYMIZED", "ANONYMISED", "ANONYMOUS", "ANONYMUS",
    "ANONPATIENT", "ANONYMIZED0", "DEIDENTIFIED", "DUMMY", "HIDDEN", "INCONNU", "NA", "NN", "NOID",
    "NONAME", "NONE", "NOPATIENTID", "NOTAVAILABLE", "NULL", "PATIENT", "PATIENTID", "PATIENTNAME",
    "REDACTED", "REMOVED", "SUBJECT", "TEST", "UNBEKANNT", "UNKNOWN",
))  # fmt: skip
"""What stands in PatientName or PatientID where there is none."""
_FILLINGS: Final = ({"X"}, {"0"})
"""Letters of which a whole text is filling, as in `XXXX`."""
_NO_BIRTHS: Final = frozenset(("19000101", "18991230", "18000101"))
"""Days on which nobody was born: what programs write where they know none."""
_PHANTOMS: Final = frozenset(("CALIBRATION", "PHANTOM", "PHANTOMA", "PHANTOME", "QA", "QC"))
"""Words in the name or ID of what is no person."""
_SEXES: Final = frozenset("MF")
_MOST_PERSONS: Final = 50


class Patient(Struct, frozen=True):
    """The patient of a header, as it is written there; a text is empty where it is missing."""

    patient_id: str = ""
    issuer: str = ""
    name: str = ""
    birth_date: str = ""
    sex: str = ""

    @classmethod
    def of(cls, text: Callable[[str], str | None]) -> Self:
        """Return the patient whose elements `text` returns by their keywords."""
        return cls(*(text(keyword) or "" for keyword in _ELEMENTS))

    def __bool__(self) -> bool:
        """Say whether anything tells this patient from another."""
        return bool(_known_id(self) or _names(self) or known_birth(self.birth_date))


def akin(patient: Patient) -> str:
    r"""Return the PatientID without case, punctuation and leading zeros: `MC0012` is `mc12`.

    It is empty where the ID is missing, or one that anonymised disks give to everybody. A backslash
    divides values and is no punctuation: of `A\12` XNAT reads `A`, and of `\A12` nothing.
    """
    letters = re.sub(r"[^\w\\]+|_+", "", _known_id(patient))
    return re.sub(r"(?<!\d)0+(?=\d)", "", letters)


def same_person(one: Patient, other: Patient) -> bool:
    """Say whether two patients may be taken for one person.

    Their birth dates, sexes and names must not contradict. Their IDs must be equal; where they are
    only akin, the names must agree as well. Where two issuers gave one ID, names or birth dates
    must speak for one person. What is empty contradicts nothing.
    """
    if contradictions(one, other):
        return False
    ids = [_known_id(p) for p in (one, other)]
    if not all(ids):
        return True
    names = [_names(p) for p in (one, other)]
    if ids[0] == ids[1]:
        births = [known_birth(p.birth_date) for p in (one, other)]
        return all(names) or all(births) or not _of_two_issuers(one, other)
    # Twins have IDs that follow one another, one birth date and a word of the name in common.
    return akin(one) == akin(other) and all(names) and names_agree(*names, same_birth=False)


def contradictions(one: Patient, other: Patient) -> list[str]:
    """Return the keywords in which what one has cannot be the other's: birth date, sex or name.

    Two phantoms contradict each other in nothing: their birth dates are days of scans.
    """
    if _is_phantom(one) and _is_phantom(other):
        return []
    births = [known_birth(p.birth_date) for p in (one, other)]
    same_birth = births[0].startswith(births[1]) or births[1].startswith(births[0])
    sexes = {p.sex.strip().upper()[:1] for p in (one, other)} & _SEXES
    names = names_agree(_names(one), _names(other), same_birth=all(births) and same_birth)
    found = {"PatientName": names, "PatientBirthDate": same_birth, "PatientSex": len(sexes) < 2}
    return [keyword for keyword, agrees in found.items() if not agrees]


def told_apart_by(one: Patient, other: Patient) -> list[str]:
    """Return the keywords that make two patients two persons; none where they may be one."""
    if same_person(one, other):
        return []
    ids = [_known_id(p) for p in (one, other)]
    by_id = "IssuerOfPatientID" if ids[0] == ids[1] else "PatientID"
    return contradictions(one, other) or [by_id]


def persons(patients: Iterable[Patient]) -> list[list[Patient]]:
    """Return patients in groups of those who may be one person.

    Beyond fifty persons every patient is a group: there is nothing to find out any more.
    """
    found: list[list[Patient]] = []
    for patient in sorted(set(patients), key=_order):
        if len(found) < _MOST_PERSONS:
            known = (group for group in found if all(same_person(patient, p) for p in group))
            if (group := next(known, None)) is not None:
                group.append(patient)
                continue
        found.append([patient])
    return found


def _order(patient: Patient) -> tuple[bool, str, bool, str, str, str, str]:
    # Who is told apart by less comes later, and joins whom there is.
    return (
        not patient, patient.patient_id, not _names(patient), patient.name, patient.birth_date,
        patient.sex, patient.issuer,
    )  # fmt: skip


def known_birth(text: str) -> str:
    """Return the year, month or day that a birth date tells; none for zeros and for no date."""
    digits = re.sub(r"\D", "", text)[:8]
    while digits.endswith("00") and len(digits) > 4:  # a year, written as a day
        digits = digits[:-2]
    try:
        date(int(digits[:4]), int(digits[4:6] or 1), int(digits[6:] or 1))
    except ValueError:
        return ""
    return "" if digits in _NO_BIRTHS else digits


def is_placeholder(text: str) -> bool:
    """Say whether a name or an ID is one that is written where there is none."""
    letters = _letters(text)
    return letters in _PLACEHOLDERS or (bool(letters) and set(letters) in _FILLINGS)


def names_nobody(label: str, patient: Patient) -> bool:
    """Say whether a label is a placeholder, or made of one that a patient has as PatientID.

    A label without a letter or a digit is one, too: it is what is left of none.
    """
    letters = _letters(patient.patient_id)
    made_of = is_placeholder(letters) and letters in _letters(label)
    return made_of or is_placeholder(label) or not _letters(label)


def _letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).upper()


def _of_two_issuers(one: Patient, other: Patient) -> bool:
    """Say whether IssuerOfPatientID tells two; one may have more words (`H` and `H^2.5`)."""
    short, long = sorted(({*words_of(one.issuer)}, {*words_of(other.issuer)}), key=len)
    return bool(short) and not short <= long


def _is_phantom(patient: Patient) -> bool:
    words = {*words_of(patient.name.partition("=")[0]), *words_of(patient.patient_id)}
    return not words.isdisjoint(_PHANTOMS)


def _known_id(patient: Patient) -> str:
    if is_placeholder(patient.patient_id):
        return ""
    return patient.patient_id.rstrip("\\ ").lstrip().casefold()  # empty last values tell nothing


def _without_titles(group: str) -> str:
    """Return family, given and middle name; prefix and suffix tell no persons apart."""
    return "^".join(group.split("^")[:3])


def _names(patient: Patient) -> list[Words]:
    """Return the words of a name's groups; none for a placeholder or the patient's ID."""
    found = [words_of(_without_titles(group)) for group in patient.name.split("=")]
    known_id = "".join(words_of(patient.patient_id))
    return [
        words
        for words in found
        if words
        and "".join(words) != known_id
        and not is_placeholder("".join(words))
        and not is_placeholder(words[0])
    ]
