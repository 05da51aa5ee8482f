"""The files that XNAT holds, and the SOP instance of each one.

Three things name the SOP instance, the most reliable first:

1. The catalog of a scan's resource: its `cat:dcmEntry` has the SOP Instance UID in the attribute
   `UID` (XNAT's `CatalogResource` with `?format=xml`; XNAT's DICOM clients read it, too).
2. The file name: it ends in a hash of SOP class and SOP instance (XNAT's default
   `dicomFileNameTemplate`, see `xnat.filing.scans.file_name`).
3. The file's header.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from dicomferry.dicom.blob import BytesBlob
from dicomferry.dicom.instance import open_instance
from dicomferry.errors import FerryError
from dicomferry.model import Location
from dicomferry.xnat.rest.client import RestClient
from dicomferry.xnat.rest.errors import RestError

_HASHED: Final = re.compile(r".*-([0-9a-z]{1,7})\.dcm")
_HEAD: Final = 1 << 16
_ENTRIES: Final = frozenset({"entry", "dcmEntry"})


class HeldFile(Struct, frozen=True):
    """One file of a scan; `path` is its route, `sop_instance_uid` is empty until it is known.

    `uid_hash` is the last part of a file name by XNAT's template.
    """

    scan: str
    name: str
    path: str
    sop_instance_uid: str = ""

    @property
    def uid_hash(self) -> str:
        """Return the hash of SOP class and instance at the end of the name; empty without one."""
        found = _HASHED.fullmatch(self.name)
        return found[1] if found else ""


def catalog_entries(text: bytes, path: str) -> Iterator[tuple[str, str]]:
    """Yield URI and UID of every entry of a catalog; the UID is empty where the entry has none.

    Raises `RestError` for any other document.
    """
    from xml.etree.ElementTree import ParseError, fromstring

    # A catalog has no document type, and so cannot define entities that expand without bound.
    if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
        raise RestError(f"{path}: the catalog has a document type, and is not read")
    try:
        root = fromstring(text)  # noqa: S314  no document type, so no entities
    except ParseError:
        raise RestError(f"{path}: the catalog is not XML") from None
    if not root.tag.rpartition("}")[2].lower().endswith("catalog"):
        raise RestError(f"{path}: the answer is not a catalog")
    for element in root.iter():
        if element.tag.rpartition("}")[2] in _ENTRIES:
            yield element.get("URI", ""), element.get("UID", "").strip()


def read_uid(client: RestClient, file: HeldFile) -> str:
    """Return the SOP Instance UID in the file's header; empty when the file is no instance."""
    head = client.head(file.path, _HEAD)
    uid = _uid_of(head)
    return uid or (_uid_of(client.content(file.path)) if len(head) == _HEAD else "")


def _uid_of(data: bytes) -> str:
    try:
        with open_instance(BytesBlob(data), Location("XNAT")) as instance:
            return instance.header.ref.sop_instance_uid
    except FerryError:
        return ""
