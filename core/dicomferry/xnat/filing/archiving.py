"""When a session leaves the prearchive, and what keeps it there."""

from __future__ import annotations

from typing import Final

from dicomferry.model import AutoArchive, Destination

QUIET_PERIOD: Final = 300
"""Seconds without an instance until XNAT builds a session (`sessionXmlRebuilderInterval`)."""

NO_PROJECT: Final = "Unable to identify project."
"""What XNAT says when it is asked to archive a session of Unassigned."""

AUTO_ARCHIVE_CODE: Final = 4
"""The setting of a project that archives by itself: XNAT's default."""

_OVERWRITE_CODE: Final = 5


def is_unassigned(destination: Destination) -> bool:
    """Tell whether a session stays in the prearchive because it has no project."""
    return destination.project is None


def lacks_subject(destination: Destination) -> bool:
    """Tell whether archiving a session fails for want of a subject (`Conflict.NO_SUBJECT`)."""
    return destination.subject is None


def archives_itself(destination: Destination, asked: AutoArchive, prearchive_code: int) -> bool:
    """Tell whether XNAT archives a session unasked; `prearchive_code` is the project's setting.

    `AA:false` does not keep it from a project that archives by itself: XNAT's
    `PrearcSession.isAutoArchive` looks at the project whenever the session does not say yes.
    """
    if is_unassigned(destination):
        return False
    return asked is AutoArchive.AUTO or prearchive_code >= AUTO_ARCHIVE_CODE


def overwrites_files(prearchive_code: int) -> bool:
    """Tell whether a project that archives by itself replaces files that are there."""
    return prearchive_code >= _OVERWRITE_CODE
