"""Reads an XNAT over REST: its archive, its prearchive and its settings.

- RestSite: URL, login and time limits of one XNAT.
- RestClient: sends requests to it, with a login and a check of every answer.
- ArchiveReader: returns archived sessions and their files.
- PrearchiveReader: returns sessions of the prearchive, their status and files.
- HeldFile: one file in XNAT, with the SOP Instance UID as far as XNAT tells it.
- OutstandingReader: returns the sessions that XNAT receives, builds or archives now.
- SettingsReader: returns receivers, rules, filters and projects.
- RestError: XNAT did not answer, or denied it; what it holds is then unknown.

The engine (`verify`, `doctor`, `plan`, `pipeline.servers`) imports this package. It imports
`dicom`, `model`, `errors` and `xnat.labels`; requests is imported inside functions.
"""

from __future__ import annotations

from dicomferry.xnat.rest.archive import ArchivedSession, ArchiveReader
from dicomferry.xnat.rest.client import RestClient, RestSite
from dicomferry.xnat.rest.errors import DeniedError, NotThereError, RestError
from dicomferry.xnat.rest.files import HeldFile
from dicomferry.xnat.rest.outstanding import OutstandingReader, OutstandingSession
from dicomferry.xnat.rest.prearchive import PrearchiveReader, PrearchiveSession, is_under_way

__all__ = [
    "ArchiveReader",
    "ArchivedSession",
    "DeniedError",
    "HeldFile",
    "NotThereError",
    "OutstandingReader",
    "OutstandingSession",
    "PrearchiveReader",
    "PrearchiveSession",
    "RestClient",
    "RestError",
    "RestSite",
    "is_under_way",
]
