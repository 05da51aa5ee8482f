"""TODO."""

from __future__ import annotations

from msgspec import Struct


class Courtesy(Struct, frozen=True):
    """How a run treats a PACS: `now` passes over its hours, `wait` sits out the time between.

    `spool` is how many bytes retrieved instances may take up on this machine.
    """

    now: bool = False
    wait: bool = False
    spool: int = 4 << 30
