"""Instances for the tests of plug-ins: whole, small, and the same for the same attributes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from dicomferry.dicom.header import Header
from dicomferry.dicom.made_up import MADE_UP, identity, image, part10

if TYPE_CHECKING:
    from pydicom import Dataset

_SIDE = 8
"""Rows and columns of the image."""


def instance_bytes(attributes: Mapping[str, object]) -> bytes:
    """Return a Part 10 file: a gray MR image with `attributes` by keyword.

    What is not given is made up; None leaves an attribute out. A UID that is not given follows
    from the attributes, so that two files differ in it where they differ at all.
    """
    return part10(_dataset(attributes))


def header_of(
    attributes: Mapping[str, object],
    names: Mapping[str, str] | None = None,
    row: Mapping[str, str] | None = None,
) -> Header:
    """Return the header that a transform or an identifier sees of such an instance.

    `names` are what templates see as `path.*`, `row` as `row.*`.
    """
    return Header.of(_dataset(attributes), location=MADE_UP, names=names or {}, row=row or {})


def _dataset(attributes: Mapping[str, object]) -> Dataset:
    seed = repr(sorted((name, str(value)) for name, value in attributes.items()))
    filled: dict[str, object] = {
        **identity(seed),
        "PatientName": "DOE^JOHN",
        "PatientID": "P1",
        "StudyDate": "20050102",
        "StudyTime": "093000",
        "StudyID": "1",
        "AccessionNumber": "A1",
    }
    return image(filled | dict(attributes), rows=_SIDE)
