"""The headers of a DQR file and their meaning (DQR's `Row` and `HEADER_TO_TAG_MAP`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dicomferry.spreadsheet import REJECTED_BECAUSE

SEARCH: Final[Mapping[str, str]] = {
    "Study Instance UID": "StudyInstanceUID",
    "Accession Number": "AccessionNumber",
    "Study Date": "StudyDate",
    "Patient ID": "PatientID",
    "Patient Name": "PatientName",
    "Last Name": "PatientName",
    "First Name": "PatientName",
    "DOB": "PatientBirthDate",
    "Modality": "ModalitiesInStudy",
}
"""The query key of each search header. A patient's name may have two columns."""

RELABEL: Final[Mapping[str, tuple[str, ...]]] = {
    "Subject": ("PatientName", "PatientID"),
    "Session": ("StudyID", "AccessionNumber"),
    "Relabel Accession Number": ("AccessionNumber",),
    "Relabel Study Date": ("StudyDate",),
    "Relabel Study ID": ("StudyID",),
    "Relabel Patient ID": ("PatientID",),
    "Relabel Patient Name": ("PatientName",),
    "Relabel Patient Birth Date": ("PatientBirthDate",),
}
"""The attributes that get the value of each relabel header."""

LABELS: Final = frozenset({"Subject", "Session"})
DATES: Final = frozenset({"Study Date", "DOB"})
DATES_WRITTEN: Final = frozenset({"Relabel Study Date", "Relabel Patient Birth Date"})
NUMBERS: Final = ("Accession Number", "Patient ID")
"""Columns of identifiers that a spreadsheet program may read as numbers."""

KNOWN: Final = (*SEARCH, *RELABEL, REJECTED_BECAUSE)
"""Every header that is understood; the column of a rejects table is passed over."""
