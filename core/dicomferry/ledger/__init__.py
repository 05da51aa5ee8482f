"""What became of each instance at each sink, across crashes: an SQLite file with one writer."""

from dicomferry.ledger.lock import Lock
from dicomferry.ledger.store import Ledger

__all__ = ["Ledger", "Lock"]
