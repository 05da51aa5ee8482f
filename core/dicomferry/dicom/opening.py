"""Opens the bytes of a file or of an archive's member."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dicomferry.dicom.blob import Blob, FileBlob

if TYPE_CHECKING:
    from dicomferry.model import Location


def open_blob(location: Location) -> Blob:
    """Open a file, or a member of an archive or compressed file; raises `FerryError`."""
    if not location.member:
        return FileBlob(location.path, str(location))
    # The archive modules of Python are loaded only where there is an archive.
    from dicomferry.dicom.archive import open_member

    return open_member(location)
