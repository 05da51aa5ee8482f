"""One retrieved instance, as a worker tells of it."""

from __future__ import annotations

from msgspec import Struct

from dicomferry.ledger.rows import Examined


class Arrival(Struct, frozen=True):
    """One retrieved instance: its file, and what its own header says of it."""

    item: int
    path: str
    size: int
    modified_ns: int
    examined: Examined
