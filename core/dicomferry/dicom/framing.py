"""Item headers and the delimitation items that end items and sequences (PS3.5 7.5)."""

from __future__ import annotations

from dicomferry.dicom.syntax import UNDEFINED, Syntax


def framed(content: bytes, syntax: Syntax, *, undefined: bool = False) -> bytes:
    """Return `content` as an item of a sequence (PS3.5 7.5.1).

    `undefined` gives it an undefined length and an item delimitation item.
    """
    length = UNDEFINED if undefined else len(content)
    end = _header(0xE00D, 0, syntax) if undefined else b""
    return _header(0xE000, length, syntax) + content + end


def sequence_delimiter(syntax: Syntax) -> bytes:
    """Return a sequence delimitation item."""
    return _header(0xE0DD, 0, syntax)


def _header(element: int, length: int, syntax: Syntax) -> bytes:
    return b"".join(
        number.to_bytes(size, syntax.order)
        for number, size in ((0xFFFE, 2), (element, 2), (length, 4))
    )
