"""The folder where retrieved instances wait for their sinks."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from dicomferry.engine.pipeline.spooled import discard, is_as_it_came
from dicomferry.errors import FerryError
from dicomferry.ledger.delivering.retrievals import Retrievals
from dicomferry.model import Location

SPOOL = "spool"
_KEPT = ".ferry"
PARTIAL = ".dcm"
"""What the names of files end with that are on their way here."""


def spool_file(spool: Path, location: Location) -> Path:
    """Return where an instance is spooled: the same place in every run."""
    digest = hashlib.sha256(str(location).encode()).hexdigest()
    return spool / f"{digest[:40]}{_KEPT}"


def make_spool(state: Path) -> Path:
    """Make the spool, which only its owner can read, and clear away what a killed run left half.

    Raises `OSError`.
    """
    spool = state / SPOOL
    spool.mkdir(mode=0o700, exist_ok=True)
    for partial in spool.glob(f"*{PARTIAL}"):
        partial.unlink(missing_ok=True)
    return spool


def forget_lost(retrievals: Retrievals) -> None:
    """Forget spooled files that are gone, or not as they came: they are retrieved anew.

    Raises `FerryError` where the spool cannot be read or written.
    """
    for item, path in retrievals.spooled():
        file = Path(os.fsdecode(path))
        try:
            if is_as_it_came(file):
                continue
            discard(file)
        except OSError as error:
            raise unusable(str(file), error) from None
        retrievals.dropped([item])


def unusable(place: str, error: OSError) -> FerryError:
    """Return the error for a spool, or a file of it, that cannot be read or written."""
    return FerryError(
        f"the spool {place} cannot be used: {error.strerror or error}",
        hint="free some space, or choose another --state",
    )
