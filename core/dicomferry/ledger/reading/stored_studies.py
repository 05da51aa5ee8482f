"""Under which StudyInstanceUID sinks have the sessions of the archive."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from msgspec import Struct

from dicomferry.ledger.items import destination_of
from dicomferry.ledger.planning.snapshot import STORED_STUDIES
from dicomferry.ledger.store import Ledger
from dicomferry.model import Destination


class StoredStudy(Struct, frozen=True):
    """A session that is stored, and a UID that its instances were sent with."""

    destination: Destination
    study_instance_uid: str
    instances: int


def stored_studies(ledger: Ledger, sinks: Iterable[str]) -> Iterator[StoredStudy]:
    """Yield the studies of every stored session, the one of most instances first."""
    for study, *place, count in ledger.connection.execute(
        STORED_STUDIES, (json.dumps(list(sinks)),)
    ):
        yield StoredStudy(destination_of(*place), study, count)
