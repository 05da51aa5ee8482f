"""What reads a header as one generation of XNAT does."""

from __future__ import annotations

from typing import Protocol

from dicomferry.dicom.header import Header
from dicomferry.xnat.reading.dcm4che2 import Dcm4che2
from dicomferry.xnat.reading.dcm4che3 import Dcm4che3
from dicomferry.xnat.reading.generation import Generation


class Reader(Protocol):
    """Reads top-level elements as one generation of XNAT does."""

    high_groups: bool
    """Whether a routing rule may name a group above 7FFF."""

    def text(self, header: Header, tag: int) -> str | None:
        """Return the first value of an element as text; None where it is missing or empty.

        Raises `UnforeseeableError` where that depends on what cannot be known.
        """

    def refusal(self, header: Header, /) -> str | None:
        """Return why XNAT refuses an instance whatever it is called, in words; None if it does not.

        `docs/generations.md` has what is known of either generation.
        """


def reader_of(generation: Generation) -> Reader:
    """Return the reader of a generation."""
    return Dcm4che2() if generation is Generation.XNAT_1_9 else Dcm4che3()
