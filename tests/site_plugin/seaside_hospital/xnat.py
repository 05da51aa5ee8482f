"""An identifier: how the hospital's own XNAT names what arrives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

import msgspec

from dicomferry import Component, Context, Destination, Header
from dicomferry.xnat import AutoArchive, Because, Forecast, to_label


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The hospital's XNAT has one project."""

    project: Annotated[str, msgspec.Meta(description="XNAT project ID")]


@dataclass(slots=True)
class SeasideIdentifier:
    """Subject by PatientID, session by AccessionNumber, everything into one project."""

    project: str
    fields: Mapping[str, str] = field(
        default_factory=lambda: {"subject": "PatientID", "session": "AccessionNumber"}
    )
    reads_comments: bool = False
    first_session_wins: bool = False

    def forecast(self, header: Header) -> Forecast:
        """Name the two fields; without an accession number XNAT says dicom_upload."""
        subject = to_label(header.text("PatientID") or "") or None
        session = to_label(header.text("AccessionNumber") or "") or "dicom_upload"
        because = Because("the only project", "PatientID", "AccessionNumber")
        destination = Destination(self.project, subject, session)
        return Forecast(destination, because, AutoArchive.PROJECT_DEFAULT)


def _build(options: Options, context: Context) -> SeasideIdentifier:
    return SeasideIdentifier(options.project)


SEASIDE = Component("seaside", "Subject by PatientID, session by AccessionNumber", Options, _build)
