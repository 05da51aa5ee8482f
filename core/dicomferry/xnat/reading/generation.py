"""The two generations of XNAT."""

from __future__ import annotations

import re
from enum import StrEnum


class Generation(StrEnum):
    """The line of XNAT's releases; its DICOM library decides what XNAT reads.

    `XNAT_1_9` are all releases up to 1.9, on dcm4che2; `XNAT_1_10` those of the 1.10 line, on
    dcm4che3.
    """

    XNAT_1_9 = "1.9"
    XNAT_1_10 = "1.10"


def generation_of(version: str) -> Generation | None:
    """Return the generation of a release such as `1.8.11` or `1.10.2`; None for another text."""
    numbers = re.match(r"(\d+)\.(\d+)", version, re.ASCII)
    if numbers is None:
        return None
    release = int(numbers[1]), int(numbers[2])
    return Generation.XNAT_1_9 if release < (1, 10) else Generation.XNAT_1_10
