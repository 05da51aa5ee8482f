"""The receiver's own record of what came in: evidence that does not ask the sender."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TextIO

from msgspec import to_builtins

from dicomferry.contract import Receipt


class ReceiptLog:
    """Receipts in their order of arrival, and in a JSON Lines file when `path` is given.

    Used under its owner's lock.
    """

    def __init__(self, path: Path | None) -> None:
        self._receipts: list[Receipt] = []
        self._file: TextIO | None = _private(path) if path else None

    def append(self, receipt: Receipt) -> None:
        """Record one; the line is with the system before this returns."""
        self._receipts.append(receipt)
        if self._file is not None:
            self._file.write(json.dumps(to_builtins(receipt)) + "\n")
            self._file.flush()

    def all(self) -> tuple[Receipt, ...]:
        """Return the receipts so far."""
        return tuple(self._receipts)

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None


def _private(path: Path) -> TextIO:
    """Open a file that its owner alone can read: receipts name patients."""
    return os.fdopen(
        os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a", encoding="utf-8"
    )
