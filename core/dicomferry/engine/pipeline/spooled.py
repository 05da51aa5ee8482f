"""What lies in the spool is what came: the digest of a retrieved file, kept beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from blake3 import blake3

_DIGEST: Final = ".blake3"
_CHUNK: Final = 1 << 20


def note_digest(arrived: Path, file: Path) -> None:
    """Note beside a spooled `file` what it is to hold: the bytes that have `arrived`.

    Raises `OSError`.
    """
    file.with_suffix(_DIGEST).write_text(_digest(arrived))


def is_as_it_came(file: Path) -> bool:
    """Tell whether a spooled file still holds the bytes that arrived; raises `OSError`.

    A file that is gone is not as it came; one without a digest may hold anything.
    """
    try:
        return file.with_suffix(_DIGEST).read_text() == _digest(file)
    except FileNotFoundError:
        return False


def discard(file: Path) -> None:
    """Delete a spooled file and its digest; raises `OSError`."""
    file.unlink(missing_ok=True)
    file.with_suffix(_DIGEST).unlink(missing_ok=True)


def _digest(file: Path) -> str:
    digest = blake3()
    with file.open("rb") as data:
        while chunk := data.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
