"""The columns of an outcome: written when a sink answers, read back for whoever asks."""

from __future__ import annotations

from dicomferry.model import Excluded, Failed, Outcome, Rejected, Stored
from dicomferry.names import shown


def columns_of(outcome: Outcome) -> tuple[str, str, int]:
    """Return an outcome as the ledger's columns: state, reason, retryable.

    Of what is stored, `retryable` says that the receiver warned of it.
    """
    match outcome:
        case Stored(receipt, warned):
            return ("stored", shown(receipt), int(warned))
        case Excluded(reason):
            return ("excluded", shown(reason), 0)
        case Rejected(reason):
            return ("rejected", shown(reason), 0)
        case Failed(reason, retryable):
            return ("failed", shown(reason), int(retryable))


def outcome_of(state: str, reason: str, retryable: int) -> Outcome:
    """Return the outcome behind the ledger's columns."""
    match state:
        case "stored":
            return Stored(reason, bool(retryable))
        case "excluded":
            return Excluded(reason)
        case "rejected":
            return Rejected(reason)
        case _:
            return Failed(reason, bool(retryable))
