"""What a plan passes as not DICOM, summed up by kind."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import PurePosixPath
from typing import Final

from msgspec import Struct

from dicomferry.ledger.items import location_of
from dicomferry.ledger.store import Ledger
from dicomferry.names import shown

_ENDING: Final = re.compile(r"\.(?=[a-z0-9_+-]*[a-z])[a-z0-9_+-]{1,8}")
_NO_ENDING: Final = "no extension"


class PassedKind(Struct, frozen=True):
    """How many files of one kind are passed as not DICOM; a kind is the end of a name, as `.txt`.

    Names without one make a kind, too, and those of numbers alone count among them.
    """

    kind: str
    items: int


def passed_kinds(ledger: Ledger, scan: int) -> list[PassedKind]:
    """Return what is passed as not DICOM, the most frequent kind first."""
    rows = ledger.connection.execute(
        "SELECT path, member FROM item"
        " WHERE scan = ? AND verdict = 'passed' AND code = 'not-dicom'",
        (scan,),
    )
    counts = Counter(_kind(path, member) for path, member in rows)
    return [PassedKind(*one) for one in sorted(counts.items(), key=lambda one: (-one[1], one[0]))]


def _kind(path: bytes, member: bytes) -> str:
    place = location_of(path, member)
    ending = PurePosixPath(shown(place.member or place.path)).suffix.lower()
    return ending if _ENDING.fullmatch(ending) else _NO_ENDING
