"""Write a mismatch as a vector for the tests.

It has the form of `tests/core/xnat/filing/sessions.json`. Labels and UIDs are invented, equal where
the real ones are equal, so that anybody may see a vector.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from dicomferry.engine.verify import SessionVerdict
from dicomferry.errors import FerryError
from dicomferry.ledger.reading.filed_instances import FiledInstance
from dicomferry.ledger.reading.plan_reader import PlanReader
from dicomferry.model import Destination
from dicomferry.private import write_private

_ROOT: Final = "1.2.826.0.1.3680043.8.498.2999"

Vector = dict[str, Any]


class _Names:
    """Invents a name for each text. Texts that differ only by case get names that do so, too."""

    def __init__(self, letter: str) -> None:
        self._letter = letter
        self._given: dict[str, str] = {}
        self._stems: dict[str, int] = {}

    def __call__(self, text: str | None) -> str | None:
        if not text:
            return None
        if text not in self._given:
            number = self._stems.setdefault(text.lower(), len(self._stems) + 1)
            name = f"{self._letter}{number}"
            self._given[text] = name.lower() if name in self._given.values() else name
        return self._given[text]


def vector_of(verdict: SessionVerdict, plan: PlanReader, *, prearchive_code: int = 4) -> Vector:
    """Return the vector of one session: its instances, and what XNAT made of them."""
    instances = plan.filed_with(verdict.key)
    hidden = _Hidden(instances)
    return {
        "id": f"X{verdict.key}",
        "evidence": "observed",
        "title": f"forecast to land, {verdict.standing}",
        "context": {"transport": "c-store", "project_prearchive_code": prearchive_code},
        "situation": [hidden.instance(one) for one in instances],
        "expect": {
            "conflict": verdict.message or None,
            "stored_instances": len(verdict.held),
            "sessions": hidden.sessions(verdict),
            "note": f"observed at a receiver; {len(verdict.missing)} instances were not there",
        },
    }


def save_vectors(vectors: Iterable[Vector], path: Path) -> None:
    """Save vectors as a JSON list; raises `FerryError` where the file cannot be written."""
    try:
        write_private(path, json.dumps(list(vectors), indent=1) + "\n")
    except OSError as error:
        raise FerryError(f"{path}: cannot be written: {error.strerror}") from None


class _Hidden:
    """The invented names of one vector."""

    def __init__(self, instances: Sequence[FiledInstance]) -> None:
        self.project, self.label, self.subject = _Names("P"), _Names("E"), _Names("S")
        self._studies = _numbered(one.study_instance_uid for one in instances)
        self._series = _numbered(one.series_instance_uid for one in instances)
        self._instances = _numbered(one.sop_instance_uid for one in instances)

    def instance(self, one: FiledInstance) -> Vector:
        """Return an instance in the form of a vector."""
        study = f"{_ROOT}.{self._studies[one.study_instance_uid]}"
        return {
            "project": self.project(one.destination.project),
            "study_instance_uid": study,
            "label": self.label(one.destination.session),
            "subject": self.subject(one.destination.subject),
            "series_instance_uid": f"{study}.1.{self._series[one.series_instance_uid]}",
            "series_number": one.series_number,
            "modality": one.modality,
            "sop_instance_uid": f"{study}.2.{self._instances[one.sop_instance_uid]}",
            "already_archived": False,
            "auto_archive": one.auto_archive,
        }

    def sessions(self, verdict: SessionVerdict) -> list[Vector]:
        """Return the places that hold the session, in the form of a vector."""
        elsewhere = {file.path for place in verdict.where for file in place.files or ()}
        home = {file.scan for file in verdict.held.values() if file.path not in elsewhere}
        found = [self._session(verdict.destination, "", sorted(home))] if home else []
        for place in verdict.where:
            scans = sorted({file.scan for file in place.files or ()})
            found.append(self._session(place.destination, place.status, scans))
        return found

    def _session(self, place: Destination, status: str, scans: list[str]) -> Vector:
        return {
            "project": self.project(place.project),
            "label": self.label(place.session),
            "subject": self.subject(place.subject),
            "where": "prearchive" if status else "archive",
            "status": status or "ARCHIVED",
            "scans": scans,
        }


def _numbered(uids: Iterable[str]) -> dict[str, str]:
    return {uid: str(number) for number, uid in enumerate(dict.fromkeys(uids), 1)}
