"""Text that SQLite can keep."""

from __future__ import annotations


def storable(text: str) -> str:
    r"""Return text with the odd bytes of a file name in it (PEP 383) written as `\udcff`.

    A reason may quote such a name. SQLite keeps text in UTF-8, which has no place for those bytes.
    """
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()
