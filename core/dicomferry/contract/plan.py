"""A plan as plug-ins see it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

from msgspec import Struct

from dicomferry.model import Because, Destination


class PlannedSession(Struct, frozen=True):
    """One session that the plan will send, as XNAT will hold it.

    `because` has the rules that decided its labels, once each. `modalities` are sorted. `studies`,
    `series` and `instances` are counts by the UIDs as sent. `size` is in bytes; an instance that is
    still on a server adds 0.
    """

    destination: Destination
    because: tuple[Because, ...]
    modalities: tuple[str, ...]
    studies: int
    series: int
    instances: int
    size: int


class PlanView(Protocol):
    """A plan as plug-ins see it: read-only, and complete before a run sends anything."""

    def sessions(self) -> Iterator[PlannedSession]:
        """Yield every session, ordered by project, subject and session label."""

    def counts(self) -> Mapping[str, int]:
        """Return how many findings there are of each verdict.

        The verdicts are `ready` (a run sends it), `excluded` (the recipe leaves it out), `rejected`
        (a rule holds it back) and `passed` (it is no instance). A verdict without findings has no
        entry.
        """
