"""The two generations of XNAT."""

from __future__ import annotations

from enum import StrEnum


class Generation(StrEnum):
    """The line of XNAT's releases; its DICOM library decides what XNAT reads.

    `XNAT_1_9` are all releases up to 1.9, on dcm4che2; `XNAT_1_10` those of the 1.10 line, on
    dcm4che3.
    """

    XNAT_1_9 = "1.9"
    XNAT_1_10 = "1.10"
