"""What an XNAT archives by itself."""

from __future__ import annotations

from typing import Final

from dicomferry import Destination
from dicomferry.xnat import AutoArchive, is_unassigned

NO_PROJECT: Final = "Unable to identify project."
"""What XNAT says when it is asked to archive a session of Unassigned."""

AUTO_ARCHIVE_CODE: Final = 4
"""The setting of a project that archives by itself: XNAT's default."""

_OVERWRITE_CODE: Final = 5


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
