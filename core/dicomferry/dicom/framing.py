"""The bytes around items and behind sequences (PS3.5 7.5)."""

from __future__ import annotations

from dicomferry.dicom.walk import UNDEFINED, Syntax


def framed(content: bytes, syntax: Syntax, *, undefined: bool = False) -> bytes:
    """Return `content` as an item of a sequence (PS3.5 7.5.1)."""
    length = UNDEFINED if undefined else len(content)
    end = _mark(0xE00D, 0, syntax) if undefined else b""
    return _mark(0xE000, length, syntax) + content + end


def sequence_delimiter(syntax: Syntax) -> bytes:
    """Return a sequence delimitation item."""
    return _mark(0xE0DD, 0, syntax)


def _mark(element: int, length: int, syntax: Syntax) -> bytes:
    return b"".join(
        number.to_bytes(size, syntax.order)
        for number, size in ((0xFFFE, 2), (element, 2), (length, 4))
    )
