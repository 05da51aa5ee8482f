"""Remembers answers: an instance that reads like one before is edited and forecast like it.

The images of a series differ in elements that no transform and no rule of identification looks
at. Transforms are pure functions of their header (`Transform`), so what they read decides what
they answer; and that is compared byte by byte.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping

from msgspec import Struct

from dicomferry.dicom.header import Header
from dicomferry.dicom.pieces import Fresh
from dicomferry.dicom.reads import Reads, Trace
from dicomferry.model import Forecast, Wanted

_MOST = 2000
"""Answers kept at a time."""
_WAYS = 4
"""Different sets of elements read that are looked up; a recipe with more has no gain from it."""
_TRIED = 500
"""Look-ups after which it is judged whether they pay."""


class RememberedEdit(Struct, frozen=True):
    """What came of an instance: the elements laid over it, their digest, and the forecast."""

    laid: Mapping[int, Fresh | None]
    wanted: Wanted | None
    digest: str
    forecast: Forecast
    notes: tuple[str, ...] = ()


class Memory:
    """What one worker remembers of one way through the transforms."""

    def __init__(self) -> None:
        self._ways: dict[Reads, dict[Hashable, RememberedEdit]] = {}
        self._kept = self._asked = self._found = 0

    @property
    def pays(self) -> bool:
        """Say whether enough instances read like one before."""
        return self._asked < _TRIED or self._found * 2 > self._asked

    def recall(self, header: Header) -> RememberedEdit | None:
        """Return the answer for a header that reads like one before; None without one."""
        self._asked += 1
        for reads, answers in self._ways.items():
            answer = answers.get(header.fingerprint(reads))
            if answer is not None:
                self._found += 1
                return answer
        return None

    def keep(self, header: Header, trace: Trace, answer: RememberedEdit) -> None:
        """Remember the answer for `header`, which `trace` was told of while it was found."""
        reads = trace.reads()
        if reads is None or (reads not in self._ways and len(self._ways) >= _WAYS):
            return
        fingerprint = header.fingerprint(reads)
        if fingerprint is None:
            return
        if self._kept >= _MOST:
            self._ways.clear()
            self._kept = 0
        self._ways.setdefault(reads, {})[fingerprint] = answer
        self._kept += 1
