"""The DQR plug-in's identifier, on one generation of XNAT."""

from __future__ import annotations

from dicomferry.dicom.header import Header
from dicomferry.model import AutoArchive, Because, Destination, Forecast
from dicomferry.xnat.labels import to_label
from dicomferry.xnat.naming.assignment import Key
from dicomferry.xnat.naming.classic import nowhere, requested
from dicomferry.xnat.naming.default_label import DEFAULT_SESSION
from dicomferry.xnat.naming.options import Identification
from dicomferry.xnat.naming.projects import Projects
from dicomferry.xnat.naming.sources import first, from_comments, from_fields
from dicomferry.xnat.reading.errors import UnforeseeableError
from dicomferry.xnat.reading.reader import Reader

_PATIENT_NAME = ("PatientName", 0x00100010)
_SESSION_FIELDS = (("StudyID", 0x00200010), ("AccessionNumber", 0x00080050))
_STUDY_INSTANCE_UID = 0x0020000D


class DqrRules:
    """The rules of DQR's `dqrObjectIdentifier`, as one generation of XNAT applies them.

    The project comes from the table of routed studies alone, the subject from PatientName, the
    session from StudyID or else AccessionNumber.
    """

    def __init__(self, options: Identification, reader: Reader) -> None:
        self._reader = reader
        self._projects = Projects(options.projects)
        self._routing = dict(options.routing)

    def forecast(self, header: Header) -> Forecast:
        """Say what XNAT will call this instance if it is the first of its study to arrive."""
        try:
            return self._forecast(header)
        except UnforeseeableError as error:
            return nowhere(unknown=str(error))

    def _forecast(self, header: Header) -> Forecast:
        reader = self._reader
        if (refusal := reader.refusal(header)) is not None:
            return nowhere(refused=refusal)
        project, why = self._project(header)
        subject = first(from_fields(header, reader, _PATIENT_NAME))
        session = first(
            (source, text if text and text.strip() else None)
            for source, text in from_fields(header, reader, *_SESSION_FIELDS)
        )
        asked = first(from_comments(Key.AA, header, reader)) if project else None
        return Forecast(
            Destination(
                project,
                to_label(subject[1]) if subject else None,
                to_label(session[1]) if session else DEFAULT_SESSION,
            ),
            Because(
                why,
                subject[0] if subject else "no value anywhere",
                session[0] if session else f"no value anywhere: {DEFAULT_SESSION}",
            ),
            requested(asked[1] if asked else None) if project else AutoArchive.NEVER,
            originals=(subject[1] if subject else None, session[1] if session else None),
        )

    def _project(self, header: Header) -> tuple[str | None, str]:
        routed = self._routing.get(header.text(_STUDY_INSTANCE_UID) or "")
        if routed is None:
            return None, "study not routed: Unassigned"
        project = self._projects.find(routed)
        if project is None:
            return None, "study routed to a project that is not there: Unassigned"
        return project, "routing of the study"
