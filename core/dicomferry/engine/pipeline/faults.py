"""What is wrong with a file: what is mended, what a recipe may allow, and what is damage."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from dicomferry.dicom.instance import Instance
from dicomferry.dicom.integrity import NO_PIXEL_DATA
from dicomferry.dicom.mends import ELEMENT_TWICE, SECOND_META_GROUP

MENDED: Final = "mended"
"""The code of an instance that is not sent byte for byte as its file has it, edits aside."""


ALLOWABLE: Final = frozenset((ELEMENT_TWICE, SECOND_META_GROUP, NO_PIXEL_DATA))
"""The codes of faults that a recipe can allow."""


class FileFault(Struct, frozen=True):
    """A fault of a file; with a `code` a recipe may allow it, without one it may be what `stops`.

    A fault without either was mended.
    """

    text: str
    code: str
    stops: bool


def faults_of(instance: Instance) -> tuple[FileFault, ...]:
    """Return what is wrong with the file of an instance; normally nothing."""
    fault = instance.fault()
    if fault is None and not instance.mends:
        return ()
    found = [FileFault(mend.text, mend.code, stops=False) for mend in instance.mends]
    if fault is not None:
        found.insert(0, FileFault(fault.text, fault.code, stops=True))
    return tuple(found)
