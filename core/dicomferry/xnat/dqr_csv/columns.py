"""The headers of a DQR file and what each of them means (DQR's `Row` and `HEADER_TO_TAG_MAP`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

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
"""Search header to the key it is asked by. A patient's name may come in two columns."""

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
"""Relabel header to the attributes that take its value."""

LABELS: Final = frozenset({"Subject", "Session"})
DATES: Final = frozenset({"Study Date", "DOB"})
DATES_WRITTEN: Final = frozenset({"Relabel Study Date", "Relabel Patient Birth Date"})
NUMBERS: Final = ("Accession Number", "Patient ID")
"""Columns of identifiers, which a spreadsheet takes for numbers."""

REJECTED_BECAUSE: Final = "Rejected because"
"""The column that a table of rejected rows has beside the original ones; it means nothing."""

KNOWN: Final = (*SEARCH, *RELABEL, REJECTED_BECAUSE)
