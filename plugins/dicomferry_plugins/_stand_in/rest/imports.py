"""`POST /data/services/import`: XNAT's importers gradual-DICOM, DICOM-zip and SI."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from dicomferry import FerryError, Header
from dicomferry.contract import SessionStatus
from dicomferry.xnat import AutoArchive, ClassicIdentifier, Conflict, Forecast, ImportParameters
from dicomferry_plugins._stand_in.rest.http import HttpAnswer, HttpRefusal, HttpRequest, text
from dicomferry_plugins._stand_in.rest.prearchive import archive_uri, commit, uri_of
from dicomferry_plugins._stand_in.rest.uploads import Upload, unpacked, uploaded
from dicomferry_plugins._stand_in.site.content import BytesContent
from dicomferry_plugins._stand_in.site.sessions import Received, ReceivedSession
from dicomferry_plugins._stand_in.site.site import Incoming, StandInSite, header_of

_HANDLERS = ("DICOM-zip", "gradual-DICOM", "SI")
_DICOM = "application/dicom"


class Asked(Struct, frozen=True):
    """The parameters of one import."""

    handler: str
    parameters: ImportParameters
    project: str | None
    timestamp: str
    label: str
    commit: bool
    archive: bool
    rename: bool
    keep_going: bool
    prevent_anonymization: bool
    uncommitted: bool


def import_dicom(site: StandInSite, request: HttpRequest) -> HttpAnswer:
    """Receive one upload as XNAT's importers do; answer with the URIs of its sessions."""
    asked = _asked(request)
    sessions: list[ReceivedSession] = []
    # a bad entry ends the request with 400; XNAT keeps the entries before it
    for upload in unpacked(uploaded(request)):
        session = _take(site, asked, upload, sessions)
        if session is not None and session not in sessions:
            sessions.append(session)
    if not sessions:
        raise HttpRefusal(400, "No DICOM files were found in the upload.")
    if asked.commit:
        return _committed(site, asked, sessions)
    if asked.handler == "SI":
        for session in sessions:
            session.build()
    return text("".join(f"/data{uri_of(session)}\r\n" for session in sessions))


def _take(
    site: StandInSite, asked: Asked, upload: Upload, sessions: list[ReceivedSession]
) -> ReceivedSession | None:
    name, file = upload
    content = BytesContent(file)
    try:
        header = header_of(content)
        forecast = _forecast(site, asked, header)
        incoming = Incoming(
            content,
            header,
            hashlib.sha256(file).hexdigest(),
            len(file),
            file_name="" if asked.rename else name,
            prevent_anonymization=asked.prevent_anonymization,
        )
        session = site.take(incoming, forecast, _placing(site, asked, sessions))
    except FerryError as error:
        if asked.keep_going:
            return None
        raise HttpRefusal(400, error.message) from error
    if session is not None:
        session.uncommitted = asked.uncommitted
    return session


def _forecast(site: StandInSite, asked: Asked, header: Header) -> Forecast:
    """Identify by parameters, site rules and header; receiver rules do not apply to imports."""
    parameters = asked.parameters
    if isinstance(site.identifier, ClassicIdentifier):
        return site.identifier.forecast_import(header, parameters)
    forecast = site.identifier.forecast(header)
    place = replace(
        forecast.destination,
        project=parameters.project or forecast.destination.project,
        subject=(parameters.subject_label or ("", forecast.destination.subject))[1],
        session=(parameters.session_label or ("", forecast.destination.session))[1],
    )
    return replace(forecast, destination=place)


def _placing(
    site: StandInSite, asked: Asked, sessions: list[ReceivedSession]
) -> Callable[[Received], ReceivedSession]:
    """Return the function that finds an instance's session.

    SI, and every import with a folder in `dest`, files all instances of an upload in one session.
    DICOM-zip refuses a second StudyInstanceUID there; SI takes it, and the session fails later.
    """

    def place(instance: Received) -> ReceivedSession:
        together = asked.handler == "SI" or bool(asked.timestamp)
        if not together:
            return site.holdings.place(instance)
        found = sessions[0] if sessions else _dest(site, asked)
        if found is None:
            fresh = ReceivedSession(
                instance.destination, instance.ref.study_instance_uid, instance.auto_archive
            )
            fresh.timestamp = asked.timestamp
            return site.holdings.open(fresh)
        if asked.handler != "SI" and found.study_instance_uid != instance.ref.study_instance_uid:
            words = Conflict.SEVERAL_STUDIES.words()
            raise FerryError(f"Folder holds another StudyInstanceUID: {words}")
        return found

    return place


def _dest(site: StandInSite, asked: Asked) -> ReceivedSession | None:
    if not asked.timestamp:
        return None
    return site.holdings.find(asked.project, asked.timestamp, asked.label)


def _committed(site: StandInSite, asked: Asked, sessions: list[ReceivedSession]) -> HttpAnswer:
    uris = []
    for session in sessions:
        if not asked.archive:
            session.build()
            session.uncommitted = True  # with dest=/prearchive, XNAT leaves it there
            uris.append(f"/data{uri_of(session)}")
            continue
        commit(site, session, archive=True)
        if session.status is not SessionStatus.ARCHIVED:
            raise HttpRefusal(409, session.conflict or "the session could not be archived")
        uris.append(archive_uri(session))
    return text("".join(f"{uri}\r\n" for uri in uris))


def _asked(request: HttpRequest) -> Asked:
    query = request.query
    handler = query.get("import-handler") or _default_handler(request)
    if handler not in _HANDLERS:
        raise HttpRefusal(400, f"Unknown import handler: {handler}")
    if query.get("prearchive_code") == "1" and query.get("overwrite"):
        # XNAT joins two conditions with || that need &&
        raise HttpRefusal(400, "Invalid combination of prearchive_code and overwrite.")
    dest = query.get("dest", "").strip("/").split("/")
    project, timestamp, label, given = _destination(dest)
    committing = query.get("action") == "commit" or bool(query.get("dest"))
    parameters = ImportParameters.of({**given, **query})
    if dest[0] == "prearchive":
        parameters = replace(parameters, auto_archive=AutoArchive.MANUAL)
    return Asked(
        handler,
        parameters,
        project,
        timestamp,
        label,
        commit=committing,
        archive=dest[0] == "archive" or (committing and dest[0] != "prearchive"),
        rename=query.get("rename") == "true" or handler == "gradual-DICOM",
        keep_going=query.get("Ignore-Unparsable") == "true" or query.get("action") == "commit",
        prevent_anonymization=query.get("prevent_anon") == "true",
        uncommitted=query.get("prevent_auto_commit") == "true" or query.get("SOURCE") == "uploader",
    )


def _default_handler(request: HttpRequest) -> str:
    content_type = request.headers.get("content-type", "")
    return "gradual-DICOM" if content_type.startswith(_DICOM) else "DICOM-zip"


def _destination(dest: list[str]) -> tuple[str | None, str, str, dict[str, str]]:
    """Return project, prearchive folder and label of a `dest`, and the parameters it sets."""
    if dest[:2] == ["prearchive", "projects"]:
        project, timestamp, label = (*dest[2:5], "", "", "")[:3]
        given = {"PROJECT_ID": project} | ({"EXPT_LABEL": label} if label else {})
        return project or None, timestamp, label, given
    if dest[:2] == ["archive", "projects"]:
        named = dict(zip(dest[1::2], dest[2::2], strict=False))
        names = {"projects": "PROJECT_ID", "subjects": "SUBJECT_ID", "experiments": "EXPT_LABEL"}
        return None, "", "", {names[k]: v for k, v in named.items() if k in names}
    return None, "", "", {}
