"""The errors of requests to an XNAT over REST."""

from __future__ import annotations

import re
from typing import Final

from dicomferry.errors import FerryError

_LABELS: Final = re.compile(
    r"(?<=/subjects/)[^/?\s:]+|(?<=/experiments/)[^/?\s:]+|(?<=/files/)[^?\s:]+"
    r"|(?P<stamp>/prearchive/projects/[^/\s]+/[^/\s]+/)[^/?\s:]+"
)
"""The parts of a route that may name a patient: labels of subjects and sessions, file names."""


class RestError(FerryError):
    """XNAT did not answer, or its answer cannot be used: what XNAT holds is then unknown.

    `message` shows routes without labels and file names, which may name a patient.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(_LABELS.sub(lambda found: f"{found['stamp'] or ''}…", message), hint)


class SilentError(RestError):
    """XNAT cannot be reached, or does not answer in time."""


class DeniedError(RestError):
    """XNAT refuses this login, or denies it this route (401, 403)."""


class NotThereError(RestError):
    """XNAT has nothing at this route (404)."""
