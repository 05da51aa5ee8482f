"""Faults on demand: what a receiver does on a bad day, so that senders can be tested."""

from __future__ import annotations

import threading
from enum import Enum

from dicomferry.contract import Faults


class Fault(Enum):
    """What befalls one instance."""

    NONE = "none"
    REFUSE = "refuse"
    DROP = "drop"
    DROP_STORED = "drop behind storing"
    HANG = "hang"
    LOSE = "lose"
    DISK_FULL = "disk full"


class FaultCounter:
    """Counts instances and says which fault is due; used by many threads."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._lock = threading.Lock()
        self._seen = 0

    def next(self) -> Fault:
        """Count one more instance and return its fault."""
        with self._lock:
            self._seen += 1
            seen = self._seen
        faults = self._faults
        due = {
            Fault.DROP_STORED: faults.drop_stored and seen == faults.drop_at,
            Fault.DROP: seen == faults.drop_at,
            Fault.HANG: seen == faults.hang_at,
            Fault.REFUSE: faults.refuse_every and seen % faults.refuse_every == 0,
            Fault.LOSE: faults.lose_every and seen % faults.lose_every == 0,
            Fault.DISK_FULL: faults.disk_full_at and seen >= faults.disk_full_at,
        }
        return next((fault for fault, now in due.items() if now), Fault.NONE)
