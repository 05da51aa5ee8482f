"""Makes a stand-in XNAT as a receiver for tests."""

from __future__ import annotations

from pathlib import Path

from dicomferry.contract.identifier import Identifier
from dicomferry.xnat.naming.identifiers import ClassicIdentifier
from dicomferry.xnat.naming.options import Identification
from dicomferry.xnat.receiver import StandIn


def open_receiver(storage: Path, identifier: Identifier | None = None) -> StandIn:
    """Return a stand-in XNAT that listens at a free `port` once it is entered.

    It keeps the received files below `storage`. Without an `identifier` it uses XNAT's default.
    """
    return StandIn(identifier or ClassicIdentifier(Identification()), storage)
