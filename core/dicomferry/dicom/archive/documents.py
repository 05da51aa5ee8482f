"""Zip archives that are documents or programs, and no archives of anything else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from dicomferry.dicom.archive.files import BlobFile
from dicomferry.dicom.containers import ENOUGH

if TYPE_CHECKING:
    from dicomferry.dicom.blob import Blob
    from dicomferry.model import Location

_OFFICE: Final = "[Content_Types].xml"
_OFFICE_FOLDERS: Final = ("_rels/", "docProps/", "word/", "xl/", "ppt/")
_DOCUMENTS: Final = re.compile(
    r"\.(docx|docm|dotx|xlsx|xlsm|xltx|pptx|pptm|ppsx|jar|war|ear)$", re.IGNORECASE
)


def is_document(blob: Blob, location: Location) -> bool:
    """Tell whether a zip archive is a document or a program of one of the formats made of zip.

    These are Office Open XML (ECMA-376 part 2), OpenDocument and EPUB (`mimetype` comes first), and
    Java archives, whose manifest is the first or second entry.
    """
    names = list(_zip_names(blob))
    named = bool(_DOCUMENTS.search(location.member or location.path))
    if _OFFICE in names or names[:1] == ["mimetype"]:
        return True
    if "META-INF/MANIFEST.MF" in names[:2]:
        return True
    return named and (not names or names[0].startswith(("META-INF/", *_OFFICE_FOLDERS)))


def _zip_names(blob: Blob) -> Iterator[str]:
    """Yield the names in a zip archive; of a broken one only the first."""
    import zipfile

    try:
        with zipfile.ZipFile(BlobFile(blob)) as archive:
            yield from archive.namelist()
    except (zipfile.BadZipFile, OSError, NotImplementedError, ValueError, EOFError):
        head = blob.read(0, min(ENOUGH, blob.size))
        length = int.from_bytes(head[26:28], "little")
        yield head[30 : 30 + length].decode("utf-8", "replace")
