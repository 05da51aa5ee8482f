"""Whose an instance is: what its header says of the patient, and whether two of them are one."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

from msgspec import Struct

_PLACEHOLDERS: Final = frozenset((
    "ANON", "ANONYM", "ANONYMIZED", "ANONYMISED", "ANONYMOUS", "DEIDENTIFIED", "NONAME", "NONE",
    "REMOVED", "UNKNOWN",
))  # fmt: skip
"""What stands in PatientName or PatientID where there is none."""
_SEXES: Final = frozenset("MF")
_MOST_PERSONS: Final = 50


class Patient(Struct, frozen=True):
    """The patient of a header, as it is written there; a text is empty where it is missing."""

    patient_id: str = ""
    issuer: str = ""
    name: str = ""
    birth_date: str = ""
    sex: str = ""

    def __bool__(self) -> bool:
        """Say whether anything tells this patient from another."""
        return bool(_known_id(self) or _name(self) or self.birth_date)


def akin(patient: Patient) -> str:
    """Return the PatientID without case, punctuation and leading zeros: `MC0012` is `mc12`.

    It is empty where the ID is missing, or one that anonymised disks give to everybody.
    """
    letters = re.sub(r"[\W_]+", "", _known_id(patient))
    return re.sub(r"(?<!\d)0+(?=\d)", "", letters)


def same_person(one: Patient, other: Patient) -> bool:
    """Say whether two patients may be taken for one person.

    Their birth dates, sexes and names must not contradict. Their IDs must be equal; where they are
    only akin, the names must agree as well. What is empty contradicts nothing.
    """
    if contradict(one, other):
        return False
    ids = [_known_id(p) for p in (one, other)]
    if not all(ids) or ids[0] == ids[1]:
        return True
    return akin(one) == akin(other) and bool(_name(one)) and bool(_name(other))


def contradict(one: Patient, other: Patient) -> bool:
    """Say whether birth date, sex or name of one cannot be those of the other."""
    births = [re.sub(r"\D", "", p.birth_date) for p in (one, other)]
    if all(births) and not (births[0].startswith(births[1]) or births[1].startswith(births[0])):
        return True
    sexes = {p.sex.strip().upper() for p in (one, other)} & _SEXES
    if len(sexes) > 1:
        return True
    names = [_name(p) for p in (one, other)]
    if not all(names) or "".join(names[0]) == "".join(names[1]):
        return False
    # A name that was corrected, or changed by marriage, goes with one birth date.
    return not (all(births) and set(names[0]) & set(names[1]))


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


def _order(patient: Patient) -> tuple[bool, str, str, str, str, str]:
    # Who is told apart by nothing comes last, and joins whom there is.
    return (
        not patient, patient.patient_id, patient.name, patient.birth_date, patient.sex,
        patient.issuer,
    )  # fmt: skip


def _known_id(patient: Patient) -> str:
    text = patient.patient_id.strip().casefold()
    return "" if re.sub(r"[\W_]+", "", text).upper() in _PLACEHOLDERS else text


def _name(patient: Patient) -> tuple[str, ...]:
    """Return the words of a name in plain capitals; none for a placeholder or the patient's ID."""
    alphabetic = patient.name.partition("=")[0]
    plain = unicodedata.normalize("NFKD", alphabetic).upper()
    plain = "".join(char for char in plain if not unicodedata.combining(char))
    words = tuple(word for word in re.split(r"[\W_]+", plain) if word)
    whole = "".join(words)
    known_id = re.sub(r"[\W_]+", "", patient.patient_id.upper())
    if whole in _PLACEHOLDERS or (words and words[0] in _PLACEHOLDERS) or whole == known_id:
        return ()
    return words
