"""Notes: what was mended in one data set, each kind once, with how often."""

from __future__ import annotations

from collections.abc import Iterator

from dicomferry.dicom.mends import Mend
from dicomferry.dicom.syntax import UnsureError

_MOST = 1000
"""Mends of one data set; what needs more is no data set."""
_MOST_NAMED = 10
"""Kinds of mends that are named, of those with one code; the others are counted."""


def shown(tag: int) -> str:
    """Return a tag as messages show it."""
    return f"({tag >> 16:04X},{tag & 0xFFFF:04X})"


def shown_vr(field: bytes) -> str:
    """Return a VR field that is none as messages show it."""
    text = field.decode("latin-1")
    return f"'{text}'" if text.isascii() and text.isprintable() else f"of bytes {field.hex(' ')}"


class Notes:
    """Collects mends; of those that differ in their place only, the first is named."""

    def __init__(self) -> None:
        self._mends: dict[str, tuple[Mend, int]] = {}
        self._count = 0

    def add(self, text: str, code: str = "") -> None:
        """Note a mend; raises `UnsureError` for more of them than a data set can have."""
        self._count += 1
        if self._count > _MOST:
            raise UnsureError(f"it has more than {_MOST} faults, the first: {self._first(text)}")
        kind = _alike(text)
        first, times = self._mends.get(kind, (Mend(text, code), 0))
        self._mends[kind] = first, times + 1

    def mends(self) -> Iterator[Mend]:
        """Yield what was mended, with how often where that was more than once."""
        named: dict[str, int] = {}
        left: dict[str, int] = {}
        for mend, times in self._mends.values():
            named[mend.code] = named.get(mend.code, 0) + 1
            if named[mend.code] > _MOST_NAMED:
                left[mend.code] = left.get(mend.code, 0) + times
                continue
            again = f" (and {times - 1} more)" if times > 1 else ""
            yield Mend(mend.text + again, mend.code)
        for code, times in left.items():
            yield Mend(f"{times} more such faults", code)

    def _first(self, text: str) -> str:
        return next((mend.text for mend, _ in self._mends.values()), text)


def _alike(text: str) -> str:
    """Return a message without the numbers that tell its place."""
    words = text.split(" ")
    return " ".join(word for word in words if not word.strip(",:").isdecimal())
