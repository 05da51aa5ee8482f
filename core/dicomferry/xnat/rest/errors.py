"""How asking an XNAT over REST can fail."""

from __future__ import annotations

from dicomferry.errors import FerryError


class RestError(FerryError):
    """XNAT could not be asked, or its answer cannot be used. What it holds is then unknown."""


class SilentError(RestError):
    """XNAT cannot be reached, or does not answer in time."""


class DeniedError(RestError):
    """XNAT refuses this login, or refuses this login what was asked for (401, 403)."""


class NotThereError(RestError):
    """XNAT says that there is no such thing (404)."""
