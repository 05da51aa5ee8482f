"""Makes a stand-in XNAT as a receiver for tests."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

from dicomferry.contract.identifier import Identifier
from dicomferry.contract.stand_in import StandIn, StandInOrder
from dicomferry.host import Selection, load_plugins
from dicomferry.recipe.servers import XNAT
from dicomferry.xnat.naming.identifiers import ClassicIdentifier
from dicomferry.xnat.naming.options import Identification


def open_receiver(
    storage: Path, identifier: Identifier | None = None
) -> AbstractContextManager[StandIn]:
    """Return a stand-in XNAT that listens at a free `port` once it is entered.

    It keeps the received files below `storage`. Without an `identifier` it uses XNAT's default.
    """
    kind = load_plugins(Selection()).stand_in_for(XNAT.name)
    return kind.open(StandInOrder(identifier or ClassicIdentifier(Identification()), None, storage))
