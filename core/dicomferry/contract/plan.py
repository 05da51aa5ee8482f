"""A plan as plug-ins see it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

from msgspec import Struct

from dicomferry.model import Because, Destination


class PlannedSession(Struct, frozen=True):
    """One session as XNAT will hold it, of what is to be sent.

    `because` has the rules that decided its labels, once each. `modalities` are sorted. `studies`,
    `series` and `instances` are numbers of them by the UIDs that are sent; `size` is in bytes, 0
    for what is still on a PACS.
    """

    destination: Destination
    because: tuple[Because, ...]
    modalities: tuple[str, ...]
    studies: int
    series: int
    instances: int
    size: int


class PlanView(Protocol):
    """A plan as plug-ins see it: read only, and complete before anything is sent."""

    def sessions(self) -> Iterator[PlannedSession]:
        """Yield every session, ordered by project, subject and session label."""
        ...

    def counts(self) -> Mapping[str, int]:
        """Return how many findings there are of each verdict.

        The verdicts are `ready` (to be sent), `excluded` (left out on purpose), `rejected` (held
        back by a rule) and `passed` (no instance); one that does not occur is missing.
        """
        ...
