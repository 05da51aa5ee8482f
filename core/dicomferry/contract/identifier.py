"""How an XNAT receiver names what arrives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from dicomferry.dicom.header import Header
from dicomferry.model import Forecast


class Identifier(Protocol):
    """Emulates an XNAT receiver's DicomObjectIdentifier: it derives labels from headers."""

    fields: Mapping[str, str]
    """By level (project, subject, session), the keyword that decides when no rule does."""

    reads_comments: bool
    """Whether the identifier reads `Project: Subject: Session:` in PatientComments."""

    first_session_wins: bool
    """Whether every instance of a study goes to the session of the first one that arrives."""

    def forecast(self, header: Header) -> Forecast:
        """Return where XNAT will file this instance, and the rule that decided each level."""
