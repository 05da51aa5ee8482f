"""Make a `Check` of a function that looks at one thing of a server."""

from __future__ import annotations

from collections.abc import Callable

from dicomferry.errors import FerryError
from dicomferry.model import Check, CheckState


def tried(server: str, what: str, look: Callable[[], str]) -> Check:
    """Return how `look` ended: OK with what it says, or FAILED with the error it raised."""
    try:
        return Check(server, what, CheckState.OK, look())
    except FerryError as error:
        return Check(server, what, CheckState.FAILED, error.message, error.hint)
