"""Whose images a subject has, for what comes of a patient of whom its server had told nothing."""

from __future__ import annotations

import json
from typing import Final

from msgspec import Struct, field

from dicomferry.dicom.patient import Patient, same_person
from dicomferry.ledger.store import Ledger
from dicomferry.model import Destination

_KNOWN: Final = """
    SELECT patient_id, issuer, name, birth_date, sex FROM patient WHERE id IN (
        SELECT item.patient FROM destination AS place JOIN item ON item.destination = place.id
        WHERE item.scan = :scan AND item.verdict = 'ready'
            AND place.project = :project AND lower(place.subject) = :subject
        UNION SELECT stored.patient FROM stored_patient AS stored
        JOIN destination AS place ON place.id = stored.destination
        WHERE stored.sink IN (SELECT value FROM json_each(:sinks))
            AND place.project = :project AND lower(place.subject) = :subject)
"""


class Subjects(Struct):
    """The patients of subjects in the last plan, and of what `sinks` have stored."""

    ledger: Ledger
    scan: int
    sinks: tuple[str, ...]
    _known: dict[tuple[str, str], list[Patient]] = field(default_factory=dict)

    def is_anothers(self, place: Destination, patient: Patient) -> bool:
        """Tell whether a subject has other patients and not this one, who counts as its own else.

        What does not say whose it is contradicts nobody.
        """
        if not patient or place.subject is None:
            return False
        known = self._patients(place.project or "", place.subject.lower())
        if known and not any(same_person(patient, one) for one in known):
            return True
        known.append(patient)
        return False

    def _patients(self, project: str, subject: str) -> list[Patient]:
        if (project, subject) not in self._known:
            rows = self.ledger.connection.execute(
                _KNOWN,
                {
                    "scan": self.scan, "project": project, "subject": subject,
                    "sinks": json.dumps(self.sinks),
                },
            )  # fmt: skip
            known = [Patient(*row) for row in rows]
            self._known[project, subject] = [one for one in known if one]
        return self._known[project, subject]
