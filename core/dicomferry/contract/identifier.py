"""How an XNAT receiver names what arrives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from dicomferry.dicom.header import Header
from dicomferry.model import Forecast


class Identifier(Protocol):
    """How an XNAT receiver names what arrives: an emulation of its DicomObjectIdentifier."""

    fields: Mapping[str, str]
    """Level (project, subject, session) to the keyword that decides it when nothing else does."""

    reads_comments: bool
    """Whether `Project: Subject: Session:` in PatientComments is read."""

    first_session_wins: bool
    """Whether all of a study takes the session of its first instance to arrive."""

    def forecast(self, header: Header) -> Forecast:
        """Say what XNAT will call this instance and which rule decided each level."""
        ...
