"""What the default site-wide script does to a stored file."""

from __future__ import annotations

from dicomferry import Destination, Edits, Location, Set
from dicomferry.dicom import BytesBlob, open_instance

ANONYMIZED = ("StudyDescription", "PatientName", "PatientID")
"""The keywords of the elements the default script rewrites."""

DEFAULT_SCRIPT = """\
version "6.1"
project != "Unassigned" ? (0008,1030) := project
(0010,0010) := subject
(0010,0020) := session
"""
"""XNAT's `META-INF/xnat/defaults/id.das`."""

_STUDY_DESCRIPTION = 0x00081030
_PATIENT_NAME = 0x00100010
_PATIENT_ID = 0x00100020


def anonymized(file: bytes, destination: Destination) -> bytes:
    """Return a Part 10 file as it is stored under the default script."""
    edits = [
        Set((_PATIENT_NAME,), destination.subject or "", "PN"),
        Set((_PATIENT_ID,), destination.session, "LO"),
    ]
    if destination.project is not None:
        edits.append(Set((_STUDY_DESCRIPTION,), destination.project, "LO"))
    with open_instance(BytesBlob(file), Location("stored")) as instance:
        return b"".join(instance.file(instance.header.edited(Edits.of(edits))).chunks())
