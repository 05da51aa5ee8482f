"""The stand-in XNAT as a receiver for tests."""

from __future__ import annotations

from pathlib import Path

from dicomferry.component import Identifier
from dicomferry.xnat.naming.identifiers import ClassicIdentifier
from dicomferry.xnat.naming.options import Identification
from dicomferry.xnat.receiver import StandIn


def open_receiver(storage: Path, identifier: Identifier | None = None) -> StandIn:
    """Return a stand-in XNAT that is not started: enter it, and it listens at a free `port`.

    It keeps what it gets below `storage`, and identifies as XNAT does by default unless an
    `identifier` is given.
    """
    return StandIn(identifier or ClassicIdentifier(Identification()), storage)
