"""Files that name patients: a new one is its owner's alone, whatever the umask."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TextIO


def open_private(path: Path, *, newline: str | None = None, errors: str = "strict") -> TextIO:
    """Open a text file for writing, and make it for its owner alone; raises `OSError`.

    A file that is there keeps its rights: somebody gave it those.
    """
    return open(path, "w", encoding="utf-8", newline=newline, errors=errors, opener=_opener)


def write_private(path: Path, text: str, *, errors: str = "strict") -> None:
    """Write a text into a file as `open_private` opens it; raises `OSError`."""
    with open_private(path, errors=errors) as file:
        file.write(text)


def _opener(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_CLOEXEC, 0o600)
