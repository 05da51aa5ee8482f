"""A mismatch as a vector for the tests, in the form of `tests/core/xnat/filing/sessions.json`.

Labels and UIDs are replaced by others in which alike stays alike, so that a vector can be shown.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from dicomferry.engine.verify import SessionVerdict
from dicomferry.errors import FerryError
from dicomferry.ledger.store import Ledger
from dicomferry.model import Destination

_ROOT: Final = "1.2.826.0.1.3680043.8.498.2999"
_ITEMS: Final = (
    "SELECT destination.project, coalesce(sent_study, study), destination.session,"
    " destination.subject,"
    " coalesce(sent_series, series), series_number, modality, coalesce(sent_sop, item.sop),"
    " auto_archive FROM item JOIN destination ON destination.id = item.destination"
    " JOIN why ON why.id = item.why WHERE scan = ?1 AND verdict = 'ready' AND"
    " (item.destination = ?2 OR coalesce(sent_study, study) IN (SELECT coalesce(sent_study, study)"
    "  FROM item WHERE scan = ?1 AND verdict = 'ready' AND destination = ?2)"
    "  OR (destination.project, destination.session) ="
    "  (SELECT project, session FROM destination WHERE id = ?2))"
    " ORDER BY item.id"
)

Vector = dict[str, Any]


class _Names:
    """Gives every text another, the same for the same; texts alike but for case stay so."""

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


def vector_of(
    verdict: SessionVerdict, ledger: Ledger, scan: int, *, prearchive_code: int = 4
) -> Vector:
    """Return one session's mismatch: everything that took part in it, and what XNAT made of it."""
    rows = ledger.connection.execute(_ITEMS, (scan, verdict.key)).fetchall()
    hidden = _Hidden(rows)
    return {
        "id": f"X{verdict.key}",
        "evidence": "observed",
        "title": f"forecast to land, {verdict.standing}",
        "context": {"transport": "c-store", "project_prearchive_code": prearchive_code},
        "situation": [hidden.item(row) for row in rows],
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
        path.write_text(json.dumps(list(vectors), indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise FerryError(f"{path}: cannot be written: {error.strerror}") from None


class _Hidden:
    """The names of one vector."""

    def __init__(self, rows: Sequence[Sequence[Any]]) -> None:
        self.project, self.label, self.subject = _Names("P"), _Names("E"), _Names("S")
        uids: Callable[[Iterable[str]], dict[str, str]] = _numbered
        self._studies = uids(row[1] for row in rows)
        self._series = uids(row[4] for row in rows)
        self._instances = uids(row[7] for row in rows)

    def item(self, row: Sequence[Any]) -> Vector:
        project, study, session, subject, series, number, modality, sop, auto_archive = row
        uid = f"{_ROOT}.{self._studies[study]}"
        return {
            "project": self.project(project),
            "study_instance_uid": uid,
            "label": self.label(session),
            "subject": self.subject(subject),
            "series_instance_uid": f"{uid}.1.{self._series[series]}",
            "series_number": number,
            "modality": modality,
            "sop_instance_uid": f"{uid}.2.{self._instances[sop]}",
            "already_archived": False,
            "auto_archive": auto_archive,
        }

    def sessions(self, verdict: SessionVerdict) -> list[Vector]:
        """Return the places that hold the session, as the vectors have them."""
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
