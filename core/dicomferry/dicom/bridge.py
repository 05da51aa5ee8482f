"""The bridge to pydicom: its data sets to bytes and back, and the repair of odd ones."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

from dicomferry.dicom import dictionary
from dicomferry.dicom.quiet import quietly
from dicomferry.dicom.text import codecs_of
from dicomferry.dicom.walk import LONG, SHORT, CutError, Syntax, UnsureError

if TYPE_CHECKING:
    from pydicom import Dataset


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


def rewritten(data: bytes, syntax: Syntax) -> bytes:
    """Let pydicom read a data set that the walk cannot follow, and return what it writes.

    Raises `CutError` when pydicom met the end of the bytes too soon, which it hides, and
    `UnsureError` when it cannot read or write them either.
    """
    from pydicom.filereader import read_dataset

    file = _Watched(data)
    with quietly():
        # pydicom raises errors of any kind on damaged bytes.
        try:
            dataset = read_dataset(file, syntax.implicit, syntax.little)
            _mend(dataset)
            result = encoded(dataset, syntax)
        except CutError:
            raise
        except Exception as error:
            raise UnsureError(f"pydicom cannot read it either ({type(error).__name__})") from error
    if file.ends_met > 1 or file.tell() != len(data):
        raise CutError(f"the data set does not end where its {len(data)} bytes do")
    return result


def _mend(dataset: Dataset) -> None:
    """Delete command and meta elements, and give an element of unknown VR one that exists."""
    from pydicom.dataelem import RawDataElement

    for tag in list(dataset.keys()):
        if tag.group in (0, 2):
            del dataset[tag]
            continue
        element = dataset.get_item(tag)
        vr = element.VR if isinstance(element, RawDataElement) else None
        if vr is not None and vr.encode() not in SHORT | LONG:
            vr = dictionary.standard_vr(tag)
            vr = vr if len(vr) == 2 else "UN"
            dataset[tag] = element._replace(VR=vr)


class _Watched(BytesIO):
    """Bytes that count the reads past their end."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.ends_met = 0

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        if size is not None and size > len(data):
            self.ends_met += 1
            if data:
                raise CutError(f"{size} bytes were expected where {len(data)} are left")
        return data
