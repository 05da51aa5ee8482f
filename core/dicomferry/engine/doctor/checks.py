"""What was looked at, and how it was found."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from msgspec import Struct

from dicomferry.errors import FerryError
from dicomferry.model import Place


class CheckState(StrEnum):
    """How a thing was found."""

    OK = "ok"
    NOTE = "note"
    """worth knowing, and no fault"""
    WARNING = "warning"
    DIFFERS = "differs"
    """the server is not as the recipe says"""
    FAILED = "failed"
    UNKNOWN = "unknown"
    """it could not be learned, so it counts for nothing good"""


class Check(Struct, frozen=True):
    """One thing looked at. `place` is where the recipe says something else."""

    server: str
    what: str
    state: CheckState
    message: str
    hint: str = ""
    place: Place | None = None


def tried(server: str, what: str, look: Callable[[], str]) -> Check:
    """Return how `look` ended: OK with what it says, or FAILED with the error it raised."""
    try:
        return Check(server, what, CheckState.OK, look())
    except FerryError as error:
        return Check(server, what, CheckState.FAILED, error.message, error.hint)
