"""How asking an XNAT over REST can fail."""

from __future__ import annotations

import re
from typing import Final

from dicomferry.errors import FerryError

_LABELS: Final = re.compile(
    r"(?<=/subjects/)[^/?\s:]+|(?<=/experiments/)[^/?\s:]+|(?<=/files/)[^?\s:]+"
    r"|(?P<stamp>/prearchive/projects/[^/\s]+/[^/\s]+/)[^/?\s:]+"
)
"""What a route says of a patient: labels of subjects and sessions, and names made of them."""


class RestError(FerryError):
    """XNAT could not be asked, or its answer cannot be used. What it holds is then unknown.

    A route in `message` is told without labels and names of files: they may be a patient's.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(_LABELS.sub(lambda found: f"{found['stamp'] or ''}…", message), hint)


class SilentError(RestError):
    """XNAT cannot be reached, or does not answer in time."""


class DeniedError(RestError):
    """XNAT refuses this login, or refuses this login what was asked for (401, 403)."""


class NotThereError(RestError):
    """XNAT says that there is no such thing (404)."""
