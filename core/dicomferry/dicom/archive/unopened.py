"""Which bytes are a container that can be opened, and which are one that was not."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from dicomferry.dicom.archive.documents import is_document
from dicomferry.dicom.archive.packed import glimpse, has_zstd
from dicomferry.dicom.containers import BY_NAME, ZIP, ZSTD, ContainerKind, Opens, kind_of

if TYPE_CHECKING:
    from dicomferry.dicom.blob import Blob
    from dicomferry.model import Location


def opened(blob: Blob, location: Location) -> ContainerKind | None:
    """Return the kind of a container that can be opened; None for any other bytes."""
    kind = kind_of(blob)
    if kind is None or kind.opens is Opens.NEVER:
        return None
    if kind is ZSTD:
        return kind if has_zstd() else None
    return None if kind is ZIP and is_document(blob, location) else kind


def unopened(blob: Blob, location: Location) -> str:
    """Return what keeps bytes that are no DICOM from being known not to hold any; "" for nothing.

    It names the kind of container, and what to do.
    """
    kind = kind_of(blob) or BY_NAME.get(_suffix(location))
    if kind is None or (kind is ZIP and is_document(blob, location)):
        return ""
    if kind.opens is Opens.NEVER:
        return f"{kind.name}, which is not opened: {kind.help}"
    seen = glimpse(kind, blob) if kind.opens is Opens.UNPACKED else None
    if seen is not None:
        return seen and f"{kind.name} {seen}"
    if location.member:
        return f"{kind.name} inside an archive, which was not opened: unpack the archive"
    return f"{kind.name}, which was not opened: archives: true reads it in place"


def _suffix(location: Location) -> str:
    return PurePosixPath(location.member or location.path).suffix.lower()
