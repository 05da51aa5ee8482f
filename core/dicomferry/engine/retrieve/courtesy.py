"""What the user of a run allows or asks for where servers have hours."""

from __future__ import annotations

from msgspec import Struct


class Courtesy(Struct, frozen=True):
    """How a run treats servers: `now` passes over their hours, `wait` sits out the time between.

    `spool` is how many bytes retrieved instances may take up on this machine.
    """

    now: bool = False
    wait: bool = False
    spool: int = 4 << 30
