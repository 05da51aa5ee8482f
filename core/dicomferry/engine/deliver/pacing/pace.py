"""What a courier asks before it opens a session."""

from __future__ import annotations

from typing import Protocol

from dicomferry.model import Destination


class SessionPace(Protocol):
    """Tells when the next session may be opened. Only the main process calls it."""

    @property
    def stopped(self) -> str:
        """Why nothing more may be opened for good; empty where it may."""

    @property
    def hint(self) -> str:
        """What to do about `stopped`."""

    def may_open(self) -> bool:
        """Tell whether one more session may be opened now; asks XNAT where that is due."""

    def opened(self, destination: Destination, objects: int) -> None:
        """Note that a session is on its way, and of how many objects it is."""

    def closed(self, destination: Destination) -> None:
        """Note that the last object of a session has been sent."""
