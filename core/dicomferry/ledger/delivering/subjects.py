"""Whose images subjects have, for what comes of a patient of whom its server had not told all."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Final

from msgspec import Struct, field

from dicomferry.dicom.patient import Patient, akin, same_person
from dicomferry.ledger.store import Ledger
from dicomferry.model import Destination

MERGED: Final = "patients-merged"
DIVIDED: Final = "patient-over-several-subjects"
"""Codes of the problems that a plan has with what servers tell."""

_KNOWN: Final = """
    SELECT place.subject, stored, patient_id, issuer, name, birth_date, sex FROM (
        SELECT destination, patient, 0 AS stored FROM item
        WHERE scan = :scan AND verdict = 'ready' AND patient IS NOT NULL GROUP BY 1, 2
        UNION ALL SELECT destination, patient, 1 FROM stored_patient
        WHERE sink IN (SELECT value FROM json_each(:sinks)) GROUP BY 1, 2)
    JOIN destination AS place ON place.id = destination JOIN patient ON patient.id = patient
    WHERE place.project = :project AND place.subject <> ''
"""


class Confusion(Struct, frozen=True):
    """What is wrong with a patient under a subject, by a code, and the subject that tells so."""

    code: str
    subject: str


class _Project(Struct):
    """Patients by subject, without regard to case; `at_hand` are those whose images are here."""

    at_hand: dict[str, list[Patient]] = field(default_factory=lambda: defaultdict(list))
    told: dict[str, list[Patient]] = field(default_factory=lambda: defaultdict(list))
    subjects: dict[str, list[tuple[str, Patient]]] = field(
        default_factory=lambda: defaultdict(list)
    )

    def add(self, subject: str, patient: Patient, *, at_hand: bool) -> None:
        """Note a patient of a subject."""
        (self.at_hand if at_hand else self.told)[subject.lower()].append(patient)
        if known := akin(patient):
            self.subjects[known].append((subject, patient))

    def confusion(self, subject: str, patient: Patient) -> Confusion | None:
        """Return what is wrong with a patient under a subject."""
        at_hand = self.at_hand[subject.lower()]
        if any(same_person(patient, one) for one in at_hand):
            return None
        told = self.told[subject.lower()]
        if at_hand or (told and not any(same_person(patient, one) for one in told)):
            return Confusion(MERGED, subject)
        for other, one in self.subjects[akin(patient)]:
            if other.lower() != subject.lower() and same_person(patient, one):
                return Confusion(DIVIDED, other)
        return None


class Subjects(Struct):
    """The patients of subjects in the last plan, and of what `sinks` have stored."""

    ledger: Ledger
    scan: int
    sinks: tuple[str, ...]
    _projects: dict[str, _Project] = field(default_factory=dict)

    def confusion(
        self, place: Destination, patient: Patient, allowed: frozenset[str]
    ) -> Confusion | None:
        """Return what is wrong where a patient comes to a subject, unless that is allowed.

        Without that, it is one of the subject's from now on. What does not say whose it is
        contradicts nobody.
        """
        if not patient or place.subject is None:
            return None
        project = self._project(place.project or "")
        found = project.confusion(place.subject, patient)
        if found is not None and found.code not in allowed:
            return found
        project.add(place.subject, patient, at_hand=True)
        return None

    def _project(self, name: str) -> _Project:
        if name not in self._projects:
            project = self._projects[name] = _Project()
            values = {"scan": self.scan, "project": name, "sinks": json.dumps(self.sinks)}
            for subject, stored, *known in self.ledger.connection.execute(_KNOWN, values):
                if patient := Patient(*known):
                    project.add(subject, patient, at_hand=bool(stored))
        return self._projects[name]
