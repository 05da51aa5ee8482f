"""An XNAT asked over REST: what it holds in archive and prearchive, and how it is set up."""

from __future__ import annotations

from dicomferry.xnat.rest.archive import ArchivedSession, ArchiveReader
from dicomferry.xnat.rest.client import RestClient, RestSite
from dicomferry.xnat.rest.errors import DeniedError, NotThereError, RestError
from dicomferry.xnat.rest.files import HeldFile
from dicomferry.xnat.rest.prearchive import PrearchiveReader, PrearchiveSession, is_under_way

__all__ = [
    "ArchiveReader",
    "ArchivedSession",
    "DeniedError",
    "HeldFile",
    "NotThereError",
    "PrearchiveReader",
    "PrearchiveSession",
    "RestClient",
    "RestError",
    "RestSite",
    "is_under_way",
]
