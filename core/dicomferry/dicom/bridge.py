"""The bridge to pydicom: its data sets to bytes and back."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

from dicomferry.dicom.quiet import quietly
from dicomferry.dicom.text import codecs_of

if TYPE_CHECKING:
    from pydicom import Dataset

    from dicomferry.dicom.syntax import Syntax


def encoded(dataset: Dataset, syntax: Syntax, character_set: tuple[str, ...] = ()) -> bytes:
    """Return the bytes that pydicom writes; `character_set` is the enclosing data set's."""
    from pydicom.filebase import DicomBytesIO
    from pydicom.filewriter import write_dataset

    file = DicomBytesIO()
    file.is_implicit_VR, file.is_little_endian = syntax.implicit, syntax.little
    with quietly():
        write_dataset(file, dataset, list(codecs_of(character_set)))
    return file.getvalue()


def decoded(data: bytes, syntax: Syntax, character_set: tuple[str, ...] = ()) -> Dataset:
    """Return bytes as a pydicom data set."""
    from pydicom.filereader import read_dataset

    codecs = list(codecs_of(character_set))
    with quietly():
        return read_dataset(BytesIO(data), syntax.implicit, syntax.little, parent_encoding=codecs)
