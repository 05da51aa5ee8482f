"""The parameters of XNAT's import service that override identification."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from dicomferry.model import AutoArchive
from dicomferry.xnat.labels import clean_value


class ImportParameters(Struct, frozen=True):
    """What `POST /data/services/import` is told; None and "" leave it to the identifier."""

    project: str | None = None
    subject: str | None = None
    session: str | None = None
    auto_archive: AutoArchive | None = None

    @classmethod
    def of(cls, query: Mapping[str, str]) -> ImportParameters:
        """Read the query's names: `PROJECT_ID`, `SUBJECT_ID`, `EXPT_LABEL`, `AA` and synonyms."""
        asked = query.get("AA") or query.get("auto-archive") or ""
        return cls(
            query.get("PROJECT_ID") or query.get("project"),
            query.get("SUBJECT_ID") or query.get("subject"),
            query.get("EXPT_LABEL") or query.get("session"),
            AutoArchive.AUTO if asked.lower() == "true" else None,
        )

    @property
    def subject_label(self) -> tuple[str, str] | None:
        """Return the source in words and the subject's label."""
        return ("parameter SUBJECT_ID", clean_value(self.subject)) if self.subject else None

    @property
    def session_label(self) -> tuple[str, str] | None:
        """Return the source in words and the session's label."""
        return ("parameter EXPT_LABEL", clean_value(self.session)) if self.session else None
