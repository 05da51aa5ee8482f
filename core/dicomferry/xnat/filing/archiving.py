"""When a session is quiet, and what keeps it in the prearchive."""

from __future__ import annotations

from typing import Final

from dicomferry.model import Destination

QUIET_PERIOD: Final = 300
"""Seconds without an instance until XNAT builds a session (`sessionXmlRebuilderInterval`)."""


def is_unassigned(destination: Destination) -> bool:
    """Tell whether a session stays in the prearchive because it has no project."""
    return destination.project is None


def lacks_subject(destination: Destination) -> bool:
    """Tell whether archiving a session fails for want of a subject (`Conflict.NO_SUBJECT`)."""
    return destination.subject is None
