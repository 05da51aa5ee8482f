"""The files XNAT holds, and which SOP instance each one is.

Three ways, the surest first: the catalog of a scan's resource, whose `cat:dcmEntry` has the SOP
Instance UID in its attribute `UID` (XNAT's `CatalogResource`, served to `?format=xml`; its own
DICOM clients read it so); the name, which ends in a hash of SOP class and SOP instance (XNAT's
default `dicomFileNameTemplate`, see `xnat.filing.scans.file_name`); the file's own header.
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
    """One file of a scan; `path` is its route. What is not known of it yet is empty.

    `uid_hash` is the last part of a name by XNAT's template.
    """

    scan: str
    name: str
    path: str
    sop_instance_uid: str = ""

    @property
    def uid_hash(self) -> str:
        """Return the hash of SOP class and instance that the name ends in; empty without one."""
        found = _HASHED.fullmatch(self.name)
        return found[1] if found else ""


def catalog_entries(text: bytes, path: str) -> Iterator[tuple[str, str]]:
    """Yield (URI, UID) of every entry of a catalog; UID is empty where the entry has none.

    Raises `RestError` for what is no catalog.
    """
    from xml.etree.ElementTree import ParseError, fromstring

    # A catalog has no document type; without one no entity can be defined that grows.
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
    """Return the SOP Instance UID in the file's own header; empty when it is no instance."""
    head = client.head(file.path, _HEAD)
    uid = _uid_of(head)
    return uid or (_uid_of(client.content(file.path)) if len(head) == _HEAD else "")


def _uid_of(data: bytes) -> str:
    try:
        with open_instance(BytesBlob(data), Location("XNAT")) as instance:
            return instance.header.ref.sop_instance_uid
    except FerryError:
        return ""
